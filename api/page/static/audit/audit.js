// Who changed what, newest first.
import { usePages } from "../core/loading.js";
import { Moment, clockWithSeconds, dayOf } from "../core/moments.js";
import { html } from "../core/view.js";
import { has, t } from "../core/words.js";
import { Empty, Trouble, Waiting } from "../parts/notice.js";

export function Audit() {
  const pages = usePages("/v1/audit", { limit: 100 }, (answer) => answer.entries);
  return html`<header class="top"><h1>${t("place.audit")}</h1></header>
    <p class="lead">${t("audit.text")}</p>
    <${Trouble} error=${pages.error} retry=${pages.reload} />
    ${pages.loading && html`<${Waiting} rows=${8} />`}
    ${pages.rows && (pages.rows.length
      ? html`<ul class="rows audit">${pages.rows.map((each, index) => html`<${Row} key=${each.seq} each=${each} before=${pages.rows[index - 1]} />`)}</ul>`
      : html`<${Empty} icon="audit" title=${t("audit.none")}>${t("audit.none.text")}</${Empty}>`)}
    ${pages.more && html`<p class="after"><button type="button" onClick=${pages.more}>${t("act.more")}</button></p>`}`;
}

function Row({ each, before }) {
  const day = !before || dayOf(before.at) !== dayOf(each.at) ? dayOf(each.at) : "";
  const key = `audit.${each.what}`;
  return html`${day && html`<li class="day">${day}</li>`}<li class="row">
    <${Moment} at=${each.at} as=${clockWithSeconds} />
    <span class="who" dir="auto">${each.who}</span>
    <span class="what strong">${has(key) ? t(key) : each.what} <span class="quiet">${each.account}</span></span>
    <span class="via wide" dir="auto">${each.detail}</span>
  </li>`;
}
