// A new webhook: where to, which events; then its secret, once.
import { post } from "../core/api.js";
import { useDeed } from "../core/loading.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Dialog, Done, FormEnd } from "../parts/dialog.js";
import { Choice, FormTrouble, Text } from "../parts/fields.js";
import { Secret } from "./verify.js";

const EVENTS = {
  all: ["*"],
  received: ["message.received"],
  states: ["message.sent", "message.delivered", "message.failed", "message.unknown", "message.expired", "message.cancelled"],
  lines: ["line.changed", "alarm.raised", "alarm.over"],
};

export function AddWebhook({ onClose }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState("all");
  const add = useDeed(() => post("/v1/webhooks", { url: url.trim(), events: EVENTS[events] }));
  const send = (event) => {
    event.preventDefault();
    add.run();
  };
  return html`<${Dialog} title=${t(add.result ? "webhooks.secret" : "webhooks.add")} wide=${Boolean(add.result)} onClose=${onClose}>
    ${add.result
      ? html`<${Secret} secret=${add.result.secret} /><${Done} onClose=${onClose} />`
      : html`<form onSubmit=${send}>
        <${Text} label=${t("webhooks.url")} hint=${t("webhooks.url.hint")} type="url" value=${url} onInput=${setUrl} required
          autofocus placeholder="https://shop.example/sms" error=${add.error} field="url" />
        <${Choice} label=${t("webhooks.events")} value=${events} onInput=${setEvents}
          options=${Object.keys(EVENTS).map((name) => [name, t(`webhooks.events.${name}`)])} />
        <${FormTrouble} error=${add.error} fields=${["url"]} />
        <${FormEnd} onClose=${onClose} act=${t("webhooks.add")} off=${add.busy} />
      </form>`}
  </${Dialog}>`;
}
