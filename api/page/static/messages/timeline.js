import { Moment, clockWithSeconds, dayOf, has, html, lasted, reason, t, to } from "../core.js";
import { toneOf } from "../parts.js";

const STEPS = {
  event(entry) {
    const key = `timeline.${entry.name}`;
    const state = entry.name.split(".").pop();
    return { tone: state === "submitted" ? "wait" : toneOf(entry.state || state), title: has(key) ? t(key) : entry.name, note: reason(entry.error) };
  },
  attempt(entry, message) {
    return {
      tone: "busy",
      title: t("timeline.attempt", { line: entry.line }),
      which: message.parts > 1 ? t("timeline.part", { n: entry.part, of: message.parts }) : "",
      note: [entry.reference !== null && entry.reference !== undefined && t("timeline.reference", { reference: entry.reference }), reason(entry.error)]
        .filter(Boolean).join(" · "),
    };
  },
  report(entry, message) {
    return {
      tone: toneOf(entry.state),
      title: t("timeline.report", { state: t(`state.${entry.state}`) }),
      which: message.parts > 1 ? t("timeline.part", { n: entry.part, of: message.parts }) : "",
      note: reason(entry.error),
    };
  },
  webhook({ delivery }) {
    return {
      tone: toneOf(delivery.state),
      title: html`<a href=${to("webhooks", delivery.endpoint)}>${t("timeline.webhook", { event: delivery.event })}</a>`,
      which: t(`delivery.${delivery.state}`),
      note: [delivery.status, reason(delivery.error)].filter(Boolean).join(" · "),
    };
  },
  settled: (entry) => ({ tone: "good", title: t(`settle.${entry.as}`), which: entry.who }),
};

export function Timeline({ message, entries }) {
  return html`<ol class="timeline">${entries.map((entry, index) => {
    const step = STEPS[entry.kind]?.(entry, message);
    if (!step) return null;
    const before = entries[index - 1];
    const newDay = !before || dayOf(before.at) !== dayOf(entry.at);
    const waited = before ? new Date(entry.at) - new Date(before.at) : 0;
    return html`<li key=${index} class=${step.tone}>
      <span class="mark" aria-hidden="true"></span>
      <p><b>${step.title}</b>${step.which && html` <span class="quiet">${step.which}</span>`}
        ${step.note && html`<span class="note" dir="auto">${step.note}</span>`}</p>
      <p class="at">${newDay && html`<span>${dayOf(entry.at)}, </span>`}<${Moment} at=${entry.at} as=${clockWithSeconds} />
        ${waited > 0 && html`<small>+${lasted(waited)}</small>`}</p>
    </li>`;
  })}</ol>`;
}
