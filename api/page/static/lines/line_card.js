import { Moment, ago, html, lasted, may, percent, reason, t, to } from "../core.js";
import { Empty, Facts, State } from "../parts.js";

// Events after which a line is another, or was used.
export const ofLines = { when: ({ name }) => /^(line\.changed|message\.(sent|received))/.test(name) };

// `level`: of its heading, below what stands over it; `within` the site that it is shown with.
export function LineCard({ line, level = "h3", within, children }) {
  const there = line.state !== "absent";
  const facts = [
    // of what is not there, what it last said would be taken for now
    there && line.operator && [t("line.operator"), line.operator],
    there && line.signal_dbm !== null && [t("line.signal"), html`<${Signal} dbm=${line.signal_dbm} />`],
    there && line.battery !== null && [t("line.battery"), `${percent(line.battery)}${line.charging ? ` · ${t("line.charging")}` : ""}`],
    line.bridge && [t("line.bridge"), line.bridge],
    line.driver === "bridge_remote" && !within && [t("line.site"), line.device],
    line.lag_ms !== null && !within && there && [t("line.lag"), lasted(line.lag_ms)],
    moment("sent", line.last_sent_at), moment("received", line.last_received_at),
    // one that is ready was seen just now
    line.state !== "ready" && line.seen_at && moment("seen", line.seen_at),
  ];
  return html`<article class="card line ${line.state}">
    <header>
      <${level}><a href=${to("lines", line.name)}>${line.name}</a></${level}>
      <${State} state=${line.state} kind="line" />
    </header>
    <p class="number">${line.number || t("line.no_number")}</p>
    ${line.reason && !within?.problems.includes(line.reason) && html`<p class="reason">${reason(line.reason)}</p>`}
    <${Facts} kind="" of=${facts} />
    ${children}
  </article>`;
}

const moment = (name, at) => [t(`line.${name}`), at ? html`<${Moment} at=${at} as=${ago} />` : t("line.never")];

// -113 dBm is nothing, -51 is as good as it gets (3GPP TS 27.007 §8.5)
function Signal({ dbm }) {
  const bars = Math.max(1, Math.min(4, Math.ceil((dbm + 109) / 14)));
  return html`<span class="signal" title=${t("line.signal.dbm", { dbm })}>
    <span class="bars b${bars}" aria-hidden="true"><i></i><i></i><i></i><i></i></span>
    ${t(`line.signal.${bars}`)}
  </span>`;
}

export function NoLines() {
  const can = may("owner");
  return html`<${Empty} icon="lines" title=${t("lines.none")}
    action=${can && html`<a class="button primary" href=${to("first")}>${t("place.first")}</a>`}>
    ${t(can ? "lines.none.text" : "lines.none.others")}</${Empty}>`;
}
