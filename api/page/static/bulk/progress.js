import { Moment, address, html, lasted, may, number, reason, t, useDeed, useState } from "../core.js";
import { Confirm, Icon, Trouble } from "../parts.js";
import { OUT } from "../home/today.js";

// Accepted is not sent: what still waits can be taken back, though no row is left.
export const open = (batch, states = ["scheduled", "queued"]) =>
  ["running", "paused"].includes(batch.state) || (batch.state === "done" && states.some((each) => batch.counts[each]));
export const stateOf = (batch) => (batch.state === "done" && open(batch) ? "running" : batch.state);
const sum = (batch, states) => states.reduce((total, name) => total + (batch.counts[name] || 0), 0);
// accepted is not sent: what waits for a line is still to come
const share = (batch) => (batch.sendable ? Math.floor(((batch.made - sum(batch, OUT.waiting)) / batch.sendable) * 100) : 100);

export function Bar({ batch }) {
  return html`<progress max="100" value=${share(batch)} aria-label=${t("bulk.progress")}>${share(batch)} %</progress>`;
}

export function Progress({ batch, act }) {
  const [asked, setAsked] = useState(false);
  const move = useDeed(act);
  const moving = stateOf(batch) === "running";
  const later = moving && new Date(batch.not_before) > Date.now();
  const rate = batch.rate_per_minute;
  const left = new Date(batch.done_at) - Date.now();
  const counts = Object.entries(OUT).map(([name, states]) => [name, sum(batch, states)]);
  return html`<section class="card" aria-live="polite">
    ${batch.reason && html`<p class="reason">${reason(batch.reason)}</p>`}
    <p class="made"><b>${t("bulk.made", { made: batch.made, of: batch.sendable })}</b>
      ${later && html`<span class="quiet">${t("bulk.begins")} <${Moment} at=${batch.not_before} /></span>`}
      ${moving && rate > 0 && html`<span class="quiet speed">${t("bulk.rate", { n: rate < 10 ? rate : Math.round(rate) })}${left > 0 ? ` · ${t("bulk.left", { time: lasted(left) })}` : ""}</span>`}
      ${!moving && batch.finished_at && html`<span class="quiet"><${Moment} at=${batch.finished_at} /></span>`}</p>
    <${Bar} batch=${batch} />
    <ul class="tiles five">${counts.map(([name, count]) => html`<li key=${name}><span class=${`tile ${name} ${count ? "" : "nil"}`}><b>${number(count)}</b>
      <span>${t(`count.${name}`)}</span></span></li>`)}</ul>
    <p class="deeds">
      ${may("operator") && batch.state === "running" && html`<button type="button" disabled=${move.busy} onClick=${() => move.run("pause")}>${t("bulk.pause")}</button>`}
      ${may("operator") && batch.state === "paused" && html`<button type="button" class="primary" disabled=${move.busy} onClick=${() => move.run("resume")}>${t("bulk.resume")}</button>`}
      ${may("operator") && open(batch) && html`<button type="button" disabled=${move.busy} onClick=${() => setAsked(true)}>${t("bulk.cancel")}</button>`}
      <a class="button" href=${address(`/v1/batches/${batch.id}/result`)} download><${Icon} name="download" size=${18} />${t("bulk.result")}</a></p>
    <${Trouble} error=${move.error} />
    ${asked && html`<${Confirm} title=${t("bulk.cancel")} what=${batch.name} text=${t("bulk.cancel.text")} act=${t("bulk.cancel")}
      deed=${{ busy: move.busy, run: () => move.run("cancel") }} onClose=${() => setAsked(false)} />`}
  </section>`;
}
