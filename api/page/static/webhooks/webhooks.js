// Webhooks: where events are delivered, and one of them with every delivery.
import { patch, post, remove } from "../core/api.js";
import { useDeed, useLoad } from "../core/loading.js";
import { lasted } from "../core/moments.js";
import { go, to } from "../core/route.js";
import { may } from "../core/session.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Confirm, Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icons.js";
import { Empty, Trouble, Waiting, say } from "../parts/notice.js";
import { AddWebhook } from "./add.js";
import { Deliveries } from "./deliveries.js";
import { Secret } from "./verify.js";

export function Webhooks({ route }) {
  const [id] = route.parts;
  const { data, error, loading, reload } = useLoad("/v1/webhooks");
  const [adding, setAdding] = useState(false);
  const chosen = data?.webhooks.find((each) => each.id === id);
  const add = may("operator") && html`<button type="button" class="primary" onClick=${() => setAdding(true)}>
    <${Icon} name="plus" size=${18} />${t("webhooks.add")}</button>`;
  return html`<header class="top">
      <h1>${id ? html`<a class="up" href=${to("webhooks")}>${t("place.webhooks")}</a>` : t("place.webhooks")}</h1>${!id && add}
    </header>
    <${Trouble} error=${error} retry=${reload} />
    ${loading && html`<${Waiting} />`}
    ${data && !id && (data.webhooks.length
      ? html`<ul class="rows">${data.webhooks.map((each) => html`<${Row} key=${each.id} each=${each} />`)}</ul>`
      : html`<${Empty} icon="webhooks" title=${t("webhooks.none")} action=${add}>${t("webhooks.none.text")}</${Empty}>`)}
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
  return html`<span class="state ${webhook.paused ? "ask" : "good"}"><span class="mark" aria-hidden="true"></span>
    ${t(webhook.paused ? "webhooks.paused" : "webhooks.on")}</span>`;
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
  return html`<section class="card"><header class="head"><h2 dir="ltr">${webhook.url}</h2><${Paused} webhook=${webhook} /></header>
      <dl class="facts">
        <div><dt>${t("webhooks.events")}</dt><dd>${events(webhook)}</dd></div>
        <div><dt>${t("webhooks.format")}</dt><dd>${webhook.format}</dd></div>
        <div><dt>${t("message.account")}</dt><dd>${webhook.account}</dd></div>
      </dl>
      ${may("operator") && html`<p class="deeds">
        <button type="button" class="primary" disabled=${trial.busy} onClick=${trial.run}>${t("webhooks.test")}</button>
        <button type="button" disabled=${pause.busy} onClick=${pause.run}>${t(webhook.paused ? "webhooks.go_on" : "webhooks.pause")}</button>
        <button type="button" disabled=${turn.busy} onClick=${turn.run}>${t(webhook.rotating ? "webhooks.rotate.finish" : "webhooks.rotate")}</button>
        <button type="button" onClick=${() => setAsked("remove")}>${t("webhooks.remove")}</button></p>`}
      <${Trouble} error=${pause.error || turn.error || end.error || trial.error} />
      ${trial.result && html`<p class="notice ${trial.result.ok ? "good" : "bad"}" role="status"><span>
        ${t(trial.result.ok ? "webhooks.test.ok" : "webhooks.test.bad", { event: trial.result.event, took: lasted(trial.result.took_ms) })}
        ${" "}${[trial.result.status, trial.result.error].filter(Boolean).join(" · ")}</span></p>`}
    </section>
    <${Deliveries} endpoint=${webhook.id} />
    ${asked && html`<${Confirm} title=${t("webhooks.remove")} text=${t("webhooks.remove.text")} act=${t("webhooks.remove")}
      deed=${end} onClose=${() => setAsked("")} />`}
    ${secret && html`<${Dialog} title=${t("webhooks.secret")} wide=${true} onClose=${() => setSecret("")}><${Secret} secret=${secret} /></${Dialog}>`}`;
}
