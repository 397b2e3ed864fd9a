import { html, onEvent, t, to, useEffect, useState } from "../core.js";

const able = "Notification" in window;

export function useNotifications() {
  useEffect(() => onEvent((event) => {
    if (event?.name !== "message.received" || !document.hidden || !able || Notification.permission !== "granted") return;
    const { from, text, id } = event.data;
    const shown = new Notification(from || t("sender.none"), { body: text, tag: id });
    shown.onclick = () => {
      window.focus();
      location.hash = to("conversations", from);
      shown.close();
    };
  }), []);
}

export function AllowNotifications() {
  const [state, setState] = useState(able ? Notification.permission : "denied");
  // a browser that was told no does not ask again
  if (state !== "default") return state === "granted" && html`<p class="quiet">${t("notify.on")}</p>`;
  return html`<button type="button" onClick=${async () => setState(await Notification.requestPermission())}>${t("notify.allow")}</button>`;
}
