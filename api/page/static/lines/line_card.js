// One line as a card: is it well, and if not, what is wrong and what to do.
import { Moment, ago } from "../core/moments.js";
import { to } from "../core/route.js";
import { html } from "../core/view.js";
import { t } from "../core/words.js";
import { Empty } from "../parts/notice.js";
import { State } from "../parts/state.js";

// `level`: of its heading, below what stands over it.
export function LineCard({ line, level = "h3", children }) {
  const facts = [
    line.operator && [t("line.operator"), line.operator],
    line.signal_dbm !== null && [t("line.signal"), html`<${Signal} dbm=${line.signal_dbm} />`],
    line.battery !== null && [t("line.battery"), `${line.battery} %${line.charging ? ` · ${t("line.charging")}` : ""}`],
    line.seen_at && [t("line.seen"), html`<${Moment} at=${line.seen_at} as=${ago} />`],
  ].filter(Boolean);
  return html`<article class="card line ${line.state}">
    <header>
      <${level}><a href=${to("lines", line.name)}>${line.name}</a></${level}>
      <${State} state=${line.state} kind="line" />
    </header>
    <p class="number">${line.number || t("line.no_number")}</p>
    ${line.reason && line.state !== "ready" && html`<p class="reason">${line.reason}</p>`}
    <dl>${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${children}
  </article>`;
}

// -113 dBm is nothing, -51 is as good as it gets (3GPP TS 27.007 §8.5)
function Signal({ dbm }) {
  const bars = Math.max(1, Math.min(4, Math.ceil((dbm + 109) / 14)));
  return html`<span class="signal" title=${t("line.signal.dbm", { dbm })}>
    <span class="bars b${bars}" aria-hidden="true"><i></i><i></i><i></i><i></i></span>
    ${t(`line.signal.${bars}`)}
  </span>`;
}

export function NoLines() {
  return html`<${Empty} icon="lines" title=${t("lines.none")}
    action=${html`<a class="button primary" href=${to("first")}>${t("place.first")}</a>`}>${t("lines.none.text")}</${Empty}>`;
}
