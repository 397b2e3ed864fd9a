// The lines, and one of them with all that is known of it.
import { get, post } from "../core/api.js";
import { useDeed, useLoad } from "../core/loading.js";
import { Moment, ago } from "../core/moments.js";
import { to } from "../core/route.js";
import { may } from "../core/session.js";
import { html } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "../parts/icons.js";
import { Trouble, Waiting, say } from "../parts/notice.js";
import { LineCard, NoLines } from "./line_card.js";

const ofLines = { when: (event) => event.name === "line.changed" };

export function Lines({ route }) {
  const [name] = route.parts;
  const { data, error, loading, reload } = useLoad("/v1/lines", {}, ofLines);
  const line = data?.lines.find((each) => each.name === name);
  return html`<header class="top">
      <h1>${name ? html`<a class="up" href=${to("lines")}>${t("place.lines")}</a> ${name}` : t("place.lines")}</h1>
      ${!name && may("operator") && data?.lines.length > 1 && html`<${Loop} />`}
    </header>
    <${Trouble} error=${error} retry=${reload} />
    ${loading && html`<${Waiting} />`}
    ${data && !name && (data.lines.length
      ? html`<div class="cards">${data.lines.map((each) => html`<${LineCard} key=${each.name} line=${each} level="h2" />`)}</div>`
      : html`<${NoLines} />`)}
    ${data && name && (line ? html`<${Line} line=${line} />` : html`<p class="quiet">${t("lines.unknown")}</p>`)}`;
}

function Line({ line }) {
  const facts = ["driver", "device", "model", "slot", "registration", "imei", "imsi", "iccid"].filter((each) => line[each]);
  return html`<div class="pair">
    <div><${LineCard} line=${line} level="h2" />
      <section class="card"><h2>${t("line.facts")}</h2>
        <dl class="facts">
          ${facts.map((each) => html`<div key=${each}><dt>${t(`line.${each}`)}</dt><dd>${line[each]}</dd></div>`)}
          <div><dt>${t("line.reports")}</dt><dd>${t(line.reports ? "line.reports.yes" : "line.reports.no")}</dd></div>
          ${line.seen_at && html`<div><dt>${t("line.seen")}</dt><dd><${Moment} at=${line.seen_at} as=${ago} /></dd></div>`}
        </dl></section></div>
    <${Examination} device=${line.device} />
  </div>`;
}

export function Examination({ device }) {
  const look = useDeed(async () => (await get(`/v1/devices/${encodeURIComponent(device)}/examination`)).findings);
  return html`<section class="card"><h2>${t("examine.title")}</h2>
    <p class="quiet">${t("examine.text")}</p>
    <p class="deeds"><button type="button" class="primary" disabled=${look.busy} onClick=${look.run}>
      ${t(look.busy ? "examine.busy" : "examine")}</button></p>
    <${Trouble} error=${look.error} />
    ${look.result && html`<${Findings} findings=${look.result} />`}
  </section>`;
}

function Findings({ findings }) {
  return html`<ul class="findings" role="status">${findings.map((each, index) => html`<li key=${index} class=${each.level}>
    <${Icon} name=${each.level === "ok" ? "check" : "alert"} size=${18} />
    <div><span class="hidden">${t(`examine.${each.level}`)}: </span><p>${each.message}</p>
      ${each.remedy && html`<pre>${each.remedy}</pre>`}</div>
  </li>`)}</ul>`;
}

// Each line writes to the next one: whether SMS really go through, at the price of an SMS each.
function Loop() {
  const loop = useDeed(async () => {
    const { started } = await post("/v1/loopback", {});
    say(t("loop.started", { n: started.length }));
  });
  return html`<button type="button" disabled=${loop.busy} onClick=${loop.run} title=${t("loop.means")}>${t("loop")}</button>
    <${Trouble} error=${loop.error} />`;
}
