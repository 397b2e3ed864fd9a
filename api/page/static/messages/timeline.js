// A message's life, step by step.
import { Moment, clockWithSeconds, dayOf, lasted } from "../core/moments.js";
import { html } from "../core/view.js";
import { t } from "../core/words.js";
import { toneOf } from "../parts/state.js";

// What a message and its parts themselves tell, oldest first.
function steps(message) {
  const found = [{ at: message.created_at, tone: "wait", title: t("timeline.submitted", { dialect: message.dialect }) }];
  for (const part of message.tried || []) {
    const which = message.parts > 1 ? t("timeline.part", { n: part.index, of: message.parts }) : "";
    if (part.intent_at) found.push({ at: part.intent_at, tone: "busy", title: t("timeline.attempt", { line: part.line }), which });
    if (part.sent_at) {
      const reference = part.reference === null ? "" : t("timeline.reference", { reference: part.reference });
      found.push({ at: part.sent_at, tone: "good", title: t("timeline.sent"), which, note: reference });
    }
    if (part.done_at && part.state !== "sent") {
      found.push({ at: part.done_at, tone: toneOf(part.state), title: t(`state.${part.state}`), which, note: part.error });
    }
  }
  const ended = ["cancelled", "expired", "failed", "unknown"].includes(message.state);
  if (ended && !found.some((each) => each.title === t(`state.${message.state}`))) {
    found.push({ at: message.updated_at, tone: toneOf(message.state), title: t(`state.${message.state}`), note: message.error });
  }
  return found.sort((one, other) => one.at.localeCompare(other.at));
}

export function Timeline({ message }) {
  const all = steps(message);
  return html`<ol class="timeline">${all.map((step, index) => {
    const before = all[index - 1];
    const newDay = !before || dayOf(before.at) !== dayOf(step.at);
    const waited = before && new Date(step.at) - new Date(before.at);
    return html`<li key=${index} class=${step.tone}>
      <span class="mark" aria-hidden="true"></span>
      <p><b>${step.title}</b>${step.which && html` <span class="quiet">${step.which}</span>`}
        ${step.note && html`<span class="note" dir="auto">${step.note}</span>`}</p>
      <p class="at">${newDay && html`<span>${dayOf(step.at)}, </span>`}<${Moment} at=${step.at} as=${clockWithSeconds} />
        ${waited > 0 && html`<small>+${lasted(waited)}</small>`}</p>
    </li>`;
  })}</ol>`;
}
