// Bulk: a file of numbers and one text for all of them; what was sent so, and what is being sent.
import { post } from "../core/api.js";
import { useDeed, usePages } from "../core/loading.js";
import { Moment, brief } from "../core/moments.js";
import { go, to } from "../core/route.js";
import { may } from "../core/session.js";
import { html, useEffect, useRef, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "../parts/icons.js";
import { Empty, Trouble, Waiting } from "../parts/notice.js";
import { State } from "../parts/state.js";
import { Batch } from "./batch.js";
import { Bar, stateOf } from "./progress.js";

const KINDS = {
  csv: "text/csv", txt: "text/csv", tsv: "text/tab-separated-values",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

export function Bulk({ route }) {
  const [id] = route.parts;
  if (id) return html`<${Batch} key=${id} id=${id} />`;
  return html`<${Batches} />`;
}

function Batches() {
  const pages = usePages("/v1/batches", { limit: 50 }, (answer) => answer.batches);
  const going = pages.rows?.some((each) => each.state === "running");
  useEffect(() => {
    const timer = going && setInterval(pages.reload, 2000);
    return () => clearInterval(timer);
  }, [going]);
  return html`<header class="top"><h1>${t("place.bulk")}</h1></header>
    ${may("operator") && html`<${Drop} />`}
    <${Trouble} error=${pages.error} retry=${pages.reload} />
    ${pages.loading && html`<${Waiting} />`}
    ${pages.rows && (pages.rows.length
      ? html`<ul class="rows">${pages.rows.map((each) => html`<${Row} key=${each.id} each=${each} />`)}</ul>`
      : !may("operator") && html`<${Empty} icon="bulk" title=${t("bulk.none")}>${t("bulk.none.text")}</${Empty}>`)}
    ${pages.more && html`<p class="after"><button type="button" onClick=${pages.more}>${t("act.more")}</button></p>`}`;
}

function Row({ each }) {
  return html`<li><a href=${to("bulk", each.id)}>
    <span class="what strong" dir="auto">${each.name}</span>
    <span class="via wide">${each.state === "draft" ? t("bulk.rows", { n: each.rows }) : html`<${Bar} batch=${each} />`}</span>
    <${State} state=${stateOf(each)} kind="batch" />
    <${Moment} at=${each.created_at} as=${brief} />
  </a></li>`;
}

// Where a file is dropped or chosen.
function Drop() {
  const file = useRef(null);
  const [over, setOver] = useState(false);
  const bring = useDeed(async (chosen) => {
    const type = KINDS[chosen.name.split(".").pop().toLowerCase()] || "text/csv";
    const sent = new Blob([await chosen.arrayBuffer()], { type });
    const batch = await post(`/v1/batches?name=${encodeURIComponent(chosen.name.slice(0, 200))}`, undefined, { file: sent });
    go("bulk", batch.id);
  });
  const take = (files) => files[0] && bring.run(files[0]);
  const hold = (event) => {
    event.preventDefault();
    setOver(event.type === "dragover");
  };
  return html`<div class="drop ${over ? "over" : ""}" onDragOver=${hold} onDragLeave=${hold}
      onDrop=${(event) => { hold(event); take(event.dataTransfer.files); }}>
    <${Icon} name="upload" size=${28} />
    <p><b>${t("bulk.drop")}</b><br /><span class="quiet">${t("bulk.drop.text")}</span></p>
    <button type="button" class="primary" disabled=${bring.busy} onClick=${() => file.current.click()}>
      ${t(bring.busy ? "bulk.reading" : "bulk.choose")}</button>
    <input ref=${file} type="file" hidden accept=".csv,.tsv,.txt,.xlsx" aria-label=${t("bulk.choose")}
      onChange=${(event) => { take(event.target.files); event.target.value = ""; }} />
    <${Trouble} error=${bring.error} />
  </div>`;
}

