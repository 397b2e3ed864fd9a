// A state as a mark and its word: the word is the same in the API, in logs and on the page.
import { html } from "../core/view.js";
import { t } from "../core/words.js";

const TONES = {
  delivered: "good", sent: "good", sending: "busy", queued: "wait", scheduled: "wait",
  failed: "bad", expired: "bad", cancelled: "quiet", unknown: "ask",
  ready: "good", connecting: "busy", absent: "bad", out_of_service: "bad", parked: "ask",
  owed: "wait", dead: "bad",
  draft: "wait", running: "busy", paused: "ask", done: "good",
};

export const toneOf = (state) => TONES[state] || "quiet";

export function State({ state, kind = "state" }) {
  return html`<${Fate} tone=${toneOf(state)} title=${t(`${kind}.${state}.means`)}>${t(`${kind}.${state}`)}</${Fate}>`;
}

export function Fate({ tone, title, children }) {
  return html`<span class="state ${tone}" title=${title}><span class="mark" aria-hidden="true"></span>${children}</span>`;
}

// In a bubble there is room for a mark only; the word is there for who hears it.
export function Tick({ state }) {
  const signs = { delivered: "✓✓", sent: "✓", sending: "…", queued: "◷", scheduled: "◷", unknown: "?" };
  return html`<span class="tick ${toneOf(state)}" title=${t(`state.${state}.means`)}>
    <span aria-hidden="true">${signs[state] || "!"}</span> ${t(`state.${state}`)}
  </span>`;
}
