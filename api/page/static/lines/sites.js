import { Moment, ago, html, lasted, number, reason, t, useEffect } from "../core.js";
import { Fate, Facts } from "../parts.js";
import { LineCard } from "./line_card.js";

// ms; a lag changes without an event
const AGAIN = 10_000;
const TONES = { connected: "good", connecting: "busy", away: "bad", awaited: "ask" };

export function stateOf({ connected, way, problems }) {
  if (connected) return "connected";
  if (way === "awaited") return way;
  return problems.length ? "away" : "connecting";
}

export function Sites({ sites, lines, reload }) {
  useEffect(() => {
    const timer = setInterval(reload, AGAIN);
    return () => clearInterval(timer);
  }, []);
  return sites.map((site) => html`<section key=${site.name} aria-labelledby=${`site-${site.name}`}>
    <${Site} site=${site} />
    <div class="cards">${lines.filter(({ device, name }) => device === site.name && name !== device).map((line) =>
      html`<${LineCard} key=${line.name} line=${line} within=${site} />`)}</div></section>`);
}

function Site({ site }) {
  const state = stateOf(site);
  const moment = (at) => at && html`<${Moment} at=${at} as=${ago} />`;
  return html`<article class="card line site">
    <header><h2 id=${`site-${site.name}`}>${t("line.site")} ${site.name}</h2>
      <${Fate} tone=${TONES[state]}>${t(`site.${state}`)}</${Fate}></header>
    ${site.problems.map((each) => html`<p class="reason">${reason(each)}</p>`)}
    <${Facts} kind="" of=${[
      [t("site.way"), site.url || (site.way === "dials" && t("site.dials"))],
      [t("site.joined"), moment(site.joined_at)],
      [t("site.since"), moment(site.connected_at)],
      [t("site.heard"), !site.connected && moment(site.heard_at)],
      [t("line.lag"), site.connected && lasted(site.lag_ms)],
      [t("site.oldest"), moment(site.oldest_event_at)],
      [t("site.here"), site.waiting_here > 0 && number(site.waiting_here)],
      [t("site.there"), site.waiting_there > 0 && number(site.waiting_there)],
      [t("site.clock"), site.clock_ms && t(site.clock_ms > 0 ? "site.ahead" : "site.behind", { time: lasted(Math.abs(site.clock_ms)) })],
      [t("site.version"), site.version],
    ]} />
  </article>`;
}
