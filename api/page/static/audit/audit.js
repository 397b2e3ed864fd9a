import { Moment, clockWithSeconds, dayOf, has, html, reason, t, usePages } from "../core.js";
import { Empty, Listed } from "../parts.js";
import { agent } from "../you/sessions.js";

export function Audit() {
  const pages = usePages("/v1/audit", { limit: 100 }, (answer) => answer.entries);
  return html`<header class="top"><h1>${t("place.audit")}</h1></header>
    <p class="lead">${t("audit.text")}</p>
    <${Listed} of=${pages} waiting=${8} kind="audit" draw=${(each, index) => html`<${Row} key=${each.seq} each=${each} before=${pages.rows[index - 1]} />`}
      none=${html`<${Empty} icon="audit" title=${t("audit.none")}>${t("audit.none.text")}</${Empty}>`} />`;
}

// Whose it is that was changed: an account's, or a person, who has none.
function subject({ what, account, detail }) {
  if (what === "sign_in") return { about: "", detail: agent(detail) };
  // an id is no name: it shows when pointed at
  const parts = detail.replace(/^[0-9a-f]{16,}, /, "").split(", ");
  const about = what.endsWith("_user") ? parts.shift() : account;
  return { about, detail: parts.map((each) => (has(`role.${each}`) ? t(`role.${each}`) : reason(each))).join(", ") };
}

function Row({ each, before }) {
  const day = !before || dayOf(before.at) !== dayOf(each.at) ? dayOf(each.at) : "";
  const key = `audit.${each.what}`;
  const [who, ...where] = each.who.split(" from ");
  const { about, detail } = subject(each);
  return html`${day && html`<li class="day">${day}</li>`}<li class="row">
    <${Moment} at=${each.at} as=${clockWithSeconds} />
    <span class="who" dir="auto">${reason(who)} ${where.length > 0 && html`<small>${t("audit.from", { address: where.join(" ") })}</small>`}</span>
    <span class="what strong" title=${about}>${has(key) ? t(key) : each.what} <span class="quiet">${about}</span></span>
    <span class="via wide" dir="auto" title=${each.detail}>${detail}</span>
  </li>`;
}
