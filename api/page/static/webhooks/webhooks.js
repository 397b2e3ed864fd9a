import { go, html, lasted, may, patch, post, reason, remove, t, to, useDeed, useLoad, useState } from "../core.js";
import { Confirm, Dialog, Empty, Facts, Fate, Icon, Listed, Trouble, say } from "../parts.js";
import { AddWebhook } from "./add.js";
import { Deliveries } from "./deliveries.js";
import { Secret } from "./verify.js";

export function Webhooks({ route }) {
  const [id] = route.parts;
  const loaded = useLoad("/v1/webhooks");
  const { data, reload } = loaded;
  const [adding, setAdding] = useState(false);
  const chosen = data?.webhooks.find((each) => each.id === id);
  const add = may("operator") && html`<button type="button" class="primary" onClick=${() => setAdding(true)}>
    <${Icon} name="plus" size=${18} />${t("webhooks.add")}</button>`;
  return html`<header class="top">
      <h1>${id ? html`<a class="up" href=${to("webhooks")}>${t("place.webhooks")}</a> ${chosen && (new URL(chosen.url).host || chosen.url)}` : t("place.webhooks")}</h1>${!id && add}
    </header>
    <${Listed} of=${loaded} rows=${!id && data?.webhooks} draw=${(each) => html`<${Row} key=${each.id} each=${each} />`}
      none=${html`<${Empty} icon="webhooks" title=${t("webhooks.none")} action=${add}>${t(add ? "webhooks.none.text" : "webhooks.none.reader")}</${Empty}>`} />
    ${data && id && !chosen && html`<p class="quiet">${t("place.gone")}</p>`}
    ${chosen && html`<${Webhook} key=${id} webhook=${chosen} reload=${reload} />`}
    ${adding && html`<${AddWebhook} onClose=${() => { setAdding(false); reload(); }} />`}`;
}

const events = ({ events: names }) => (names.includes("*") ? t("webhooks.all") : names.join(", "));

function Row({ each }) {
  return html`<li><a href=${to("webhooks", each.id)}>
    <span class="what strong" dir="ltr">${each.url}</span>
    <span class="via wide">${events(each)}</span>
    <${Paused} webhook=${each} />
  </a></li>`;
}

function Paused({ webhook }) {
  return html`<${Fate} tone=${webhook.paused ? "ask" : "good"}>${t(webhook.paused ? "webhooks.paused" : "webhooks.on")}</${Fate}>`;
}

function Webhook({ webhook, reload }) {
  const [asked, setAsked] = useState("");
  const [secret, setSecret] = useState("");
  const path = `/v1/webhooks/${webhook.id}`;
  const pause = useDeed(async () => {
    await patch(path, { paused: !webhook.paused });
    reload();
  });
  const turn = useDeed(async () => {
    const answer = await post(`${path}/rotate`, webhook.rotating ? { finish: true } : {});
    if (answer.next_secret) setSecret(answer.next_secret);
    else say(t("webhooks.rotated"));
    reload();
  });
  const trial = useDeed(() => post(`${path}/test`, {}));
  const end = useDeed(async () => {
    await remove(path);
    go("webhooks");
    reload();
  });
  return html`<section class="card"><header class="head"><h2 class="brief" dir="ltr" title=${webhook.url}>${webhook.url}</h2><${Paused} webhook=${webhook} /></header>
      <${Facts} of=${[[t("webhooks.events"), events(webhook)], [t("webhooks.format"), webhook.format], [t("message.account"), webhook.account]]} />
      ${may("operator") && html`<p class="deeds">
        <button type="button" class="primary" disabled=${trial.busy} onClick=${trial.run}>${t("webhooks.test")}</button>
        <button type="button" disabled=${pause.busy} onClick=${pause.run}>${t(webhook.paused ? "webhooks.go_on" : "webhooks.pause")}</button>
        <button type="button" disabled=${turn.busy} onClick=${turn.run}>${t(webhook.rotating ? "webhooks.rotate.finish" : "webhooks.rotate")}</button>
        <button type="button" onClick=${() => setAsked("remove")}>${t("webhooks.remove")}</button></p>`}
      <${Trouble} error=${pause.error || turn.error || end.error || trial.error} />
      ${trial.result && html`<p class="notice ${trial.result.ok ? "good" : "bad"}" role="status"><span>
        ${t(trial.result.ok ? "webhooks.test.ok" : "webhooks.test.bad", { event: trial.result.event, took: lasted(trial.result.took_ms) })}
        ${" "}${[trial.result.status, reason(trial.result.error)].filter(Boolean).join(" · ")}</span></p>`}
    </section>
    <${Deliveries} endpoint=${webhook.id} />
    ${asked && html`<${Confirm} title=${t("webhooks.remove")} what=${webhook.url} text=${t("webhooks.remove.text")} act=${t("webhooks.remove")}
      deed=${end} onClose=${() => setAsked("")} />`}
    ${secret && html`<${Dialog} title=${t("webhooks.secret")} wide=${true} onClose=${() => setSecret("")}><${Secret} secret=${secret} /></${Dialog}>`}`;
}
