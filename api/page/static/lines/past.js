import { Moment, ago, html, lasted, reason, t, useAgain, usePages } from "../core.js";
import { Fate, Listed } from "../parts.js";

const SHOWN = 10;

function Past({ name, title, none, path, rows, line, when, children, draw }) {
  const pages = usePages(path, { line, limit: SHOWN }, rows);
  useAgain(pages.reload, (event) => event.name.startsWith(when));
  return html`<section aria-labelledby=${name}>
    <header class="top"><h2 id=${name}>${title}</h2>${children}</header>
    <${Listed} of=${pages} waiting=${2} kind="past" draw=${draw} none=${html`<p class="quiet">${none}</p>`} />
  </section>`;
}

export function Alarms({ line }) {
  return html`<${Past} name="alarms" title=${t("alarms")} none=${t("alarms.none")} path="/v1/alarms" line=${line} when="alarm." rows=${(answer) => answer.alarms}
    draw=${(each) => html`<li class="row" key=${each.id + each.began_at}>
      <span class="what"><span class="strong">${reason(each.title)}</span>${each.reason && html`<small dir="auto">${reason(each.reason)}</small>`}</span>
      ${each.ended_at ? html`<${Fate} tone="good">${t("alarms.lasted", { time: lasted(new Date(each.ended_at) - new Date(each.began_at)) })}</${Fate}>`
        : html`<${Fate} tone="bad">${t("alarms.goes_on")}</${Fate}>`}
      <${Moment} at=${each.began_at} as=${ago} /></li>`} />`;
}

export function Loops({ line, children }) {
  return html`<${Past} name="loops" title=${t("loops")} none=${t("loops.none")} path="/v1/loopback" line=${line} when="loopback." rows=${(answer) => answer.loopbacks}
    draw=${(each) => html`<li class="row" key=${each.id}>
      <span class="what"><span class="strong">${each.from} → ${each.to}</span>
        ${each.reason && html`<small dir="auto">${reason(each.reason)}</small>`}</span>
      ${each.arrived_at ? html`<${Fate} tone="good">${t("loops.took", { time: lasted(each.seconds * 1000) })}</${Fate}>`
        : each.lost_at ? html`<${Fate} tone="bad">${t("loops.lost")}</${Fate}>` : html`<${Fate} tone="busy">${t("loops.under_way")}</${Fate}>`}
      <${Moment} at=${each.started_at} as=${ago} /></li>`}>${children}</${Past}>`;
}
