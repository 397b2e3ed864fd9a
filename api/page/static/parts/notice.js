// What the page says by itself: errors beside their cause, and short words that go away.
import { connection } from "../core/live.js";
import { session } from "../core/session.js";
import { Signal, useSignal } from "../core/signal.js";
import { html, useEffect, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "./icons.js";

export function Trouble({ error, retry }) {
  if (!error || !session.value?.user) return null;
  return html`<div class="notice bad" role="alert">
    <${Icon} name="alert" />
    <span class="grow">${error.message}</span>
    ${retry && html`<button type="button" onClick=${retry}>${t("act.retry")}</button>`}
  </div>`;
}

// Where nothing is yet: what will stand here, and how to get there.
export function Empty({ icon, title, children, action }) {
  return html`<div class="empty">
    <span class="picture"><${Icon} name=${icon} size=${32} /></span>
    <h2>${title}</h2>
    <p>${children}</p>
    ${action}
  </div>`;
}

// Grey bars where something will stand: the page does not jump when it comes.
export function Waiting({ rows = 5 }) {
  return html`<div class="loading" role="status" aria-label=${t("loading")}>
    ${Array.from({ length: rows }, () => html`<span></span>`)}
  </div>`;
}

const said = new Signal("");
let timer = 0;

export function say(text) {
  clearTimeout(timer);
  said.set(text);
  timer = setTimeout(() => said.set(""), 4000);
}

export function Said() {
  const text = useSignal(said);
  // an event stream that is opened anew at once is nobody's concern
  const [lost, setLost] = useState(false);
  const away = useSignal(connection) === "connecting";
  useEffect(() => {
    const timer = setTimeout(() => setLost(away), away ? 3000 : 0);
    return () => clearTimeout(timer);
  }, [away]);
  return html`<div class="said ${text ? "shown" : ""}" role="status" aria-live="polite">${text}</div>
    <div class="said lost ${lost ? "shown" : ""}" role="status">${lost && t("live.lost")}</div>`;
}
