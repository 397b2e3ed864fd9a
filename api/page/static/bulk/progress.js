// How far a file has been sent, and what became of its messages.
import { address } from "../core/api.js";
import { useDeed } from "../core/loading.js";
import { Moment, lasted, number } from "../core/moments.js";
import { may } from "../core/session.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { OUT } from "../home/today.js";
import { Confirm } from "../parts/dialog.js";
import { Icon } from "../parts/icons.js";
import { Trouble } from "../parts/notice.js";

// Accepted is not sent: what still waits can be taken back, though no row is left.
export const open = (batch, states = ["scheduled", "queued"]) =>
  ["running", "paused"].includes(batch.state) || (batch.state === "done" && states.some((each) => batch.counts[each]));
export const stateOf = (batch) => (batch.state === "done" && open(batch) ? "running" : batch.state);
const share = (batch) => (batch.sendable ? Math.floor((batch.made / batch.sendable) * 100) : 100);

export function Bar({ batch }) {
  return html`<progress max="100" value=${share(batch)} aria-label=${t("bulk.progress")}>${share(batch)} %</progress>`;
}

export function Progress({ batch, act }) {
  const [asked, setAsked] = useState(false);
  const move = useDeed(act);
  const left = batch.done_at && batch.state === "running" ? new Date(batch.done_at) - Date.now() : 0;
  const counts = Object.entries(OUT).map(([name, states]) => [name, states.reduce((sum, each) => sum + (batch.counts[each] || 0), 0)]);
  return html`<section class="card" aria-live="polite">
    ${batch.reason && html`<p class="reason">${batch.reason}</p>`}
    <p class="made"><b>${t("bulk.made", { made: batch.made, of: batch.sendable })}</b>
      ${batch.state === "running" && html`<span class="quiet">${t("bulk.rate", { n: Math.round(batch.rate_per_minute) })}${left > 0 ? ` · ${t("bulk.left", { time: lasted(left) })}` : ""}</span>`}
      ${batch.finished_at && html`<span class="quiet"><${Moment} at=${batch.finished_at} /></span>`}</p>
    <${Bar} batch=${batch} />
    <ul class="tiles five">${counts.map(([name, count]) => html`<li key=${name}><span class=${`tile ${name} ${count ? "" : "nil"}`}><b>${number(count)}</b>
      <span>${t(`count.${name}`)}</span></span></li>`)}</ul>
    <p class="deeds">
      ${may("operator") && batch.state === "running" && html`<button type="button" disabled=${move.busy} onClick=${() => move.run("pause")}>${t("bulk.pause")}</button>`}
      ${may("operator") && batch.state === "paused" && html`<button type="button" class="primary" disabled=${move.busy} onClick=${() => move.run("resume")}>${t("bulk.resume")}</button>`}
      ${may("operator") && open(batch) && html`<button type="button" disabled=${move.busy} onClick=${() => setAsked(true)}>${t("bulk.cancel")}</button>`}
      <a class="button" href=${address(`/v1/batches/${batch.id}/result`)} download><${Icon} name="download" size=${18} />${t("bulk.result")}</a></p>
    <${Trouble} error=${move.error} />
    ${asked && html`<${Confirm} title=${t("bulk.cancel")} text=${t("bulk.cancel.text")} act=${t("bulk.cancel")}
      deed=${{ busy: move.busy, run: () => move.run("cancel") }} onClose=${() => setAsked(false)} />`}
  </section>`;
}
