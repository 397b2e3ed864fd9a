import { Moment, brief, go, html, may, post, t, to, useDeed, useEffect, usePages, useRef, useState } from "../core.js";
import { Empty, Icon, Listed, State, Trouble } from "../parts.js";
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
    <${Listed} of=${pages} draw=${(each) => html`<${Row} key=${each.id} each=${each} />`}
      none=${!may("operator") && html`<${Empty} icon="bulk" title=${t("bulk.none")}>${t("bulk.none.text")}</${Empty}>`} />`;
}

function Row({ each }) {
  return html`<li><a href=${to("bulk", each.id)}>
    <span class="what strong" dir="auto">${each.name}</span>
    <span class="via wide">${each.state === "draft" ? t("bulk.rows", { n: each.rows }) : html`<${Bar} batch=${each} />`}</span>
    <${State} state=${stateOf(each)} kind="batch" />
    <${Moment} at=${each.created_at} as=${brief} />
  </a></li>`;
}

function Drop() {
  const file = useRef(null);
  const [over, setOver] = useState(false);
  const bring = useDeed(async (chosen) => {
    const type = KINDS[chosen.name.split(".").pop().toLowerCase()] || "text/csv";
    const sent = new Blob([await chosen.arrayBuffer()], { type });
    return post(`/v1/batches?name=${encodeURIComponent(chosen.name.slice(0, 200))}`, undefined, { file: sent });
  }, (batch) => go("bulk", batch.id));
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

