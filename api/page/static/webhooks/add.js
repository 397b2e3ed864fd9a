import { html, post, t, useDeed, useState } from "../core.js";
import { Choice, Dialog, Done, Form, FormEnd, Text } from "../parts.js";
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
  return html`<${Dialog} title=${t(add.result ? "webhooks.secret" : "webhooks.add")} wide=${Boolean(add.result)} onClose=${onClose}>
    ${add.result
      ? html`<${Secret} secret=${add.result.secret} /><${Done} onClose=${onClose} />`
      : html`<${Form} deed=${add}>
        <${Text} label=${t("webhooks.url")} hint=${t("webhooks.url.hint")} type="url" value=${url} onInput=${setUrl} required
          autofocus placeholder="https://shop.example/sms" field="url" />
        <${Choice} label=${t("webhooks.events")} value=${events} onInput=${setEvents}
          options=${Object.keys(EVENTS).map((name) => [name, t(`webhooks.events.${name}`)])} />
        <${FormEnd} onClose=${onClose} act=${t("webhooks.add")} />
      </${Form}>`}
  </${Dialog}>`;
}
