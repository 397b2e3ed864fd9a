import { Moment, html, may, post, reason, t, to, useDeed, useLoad, useState, whole } from "../core.js";
import { Confirm, Facts, Icon, State, Trouble, Waiting, say } from "../parts.js";
import { Settle } from "./settle.js";
import { Timeline } from "./timeline.js";

export function Message({ id, back }) {
  const { data, error, loading, reload } = useLoad(`/v1/messages/${id}/timeline`, {}, { when: (event) => event.subject === id });
  const message = data?.message;
  return html`<article class="card detail" aria-labelledby="message-title">
    <header>
      <a class="button plain square" href=${back} aria-label=${t("act.back")}><${Icon} name="close" /></a>
      <h2 id="message-title" dir="auto">${message ? message.to : t("message")}</h2>
      ${message && html`<${State} state=${message.state} />`}
    </header>
    <${Trouble} error=${error} retry=${reload} />
    ${loading && html`<${Waiting} />`}
    ${data && html`<${Whole} message=${message} entries=${data.entries} reload=${reload} />`}
  </article>`;
}

// What the state means; a person's word is no confirmation of a phone.
function meaning({ state }, entries) {
  const has = (kind, key, value) => entries.some((each) => each.kind === kind && each[key] === value);
  const said = state === "delivered" && has("settled", "as", "arrived") && !has("report", "state", "delivered");
  return t(said ? "settle.arrived.said" : `state.${state}.means`);
}

function Whole({ message, entries, reload }) {
  return html`<p class="text" dir="auto">${message.text}</p>
    <p class="means">${meaning(message, entries)}</p>
    ${message.error && html`<p class="reason">${reason(message.error)}</p>`}
    ${message.state === "unknown" && may("operator") && html`<p>${t("settle.text")}</p><${Settle} message=${message} onDone=${reload} />`}
    <${Deeds} message=${message} reload=${reload} />
    <h3>${t("message.timeline")}</h3>
    <${Timeline} message=${message} entries=${entries} />
    <h3>${t("message.facts")}</h3>
    <${Known} message=${message} />`;
}

function Known({ message }) {
  const facts = [
    ["parts", t("measure.parts", { n: message.parts })],
    ["line", message.line || message.route || t("message.line.any")],
    ["account", message.account],
    ["dialect", message.dialect],
    ["not_before", message.not_before && html`<${Moment} at=${message.not_before} as=${whole} />`],
    ["expires_at", message.expires_at && html`<${Moment} at=${message.expires_at} as=${whole} />`],
    ["client_ref", message.client_ref],
    ["tag", message.tag],
    ["id", html`<code>${message.id}</code>`],
  ];
  return html`<${Facts} of=${facts.map(([name, value]) => [t(`message.${name}`), value])} />`;
}

function Deeds({ message, reload }) {
  const [asked, setAsked] = useState("");
  const act = useDeed(async (what) => {
    await post(`/v1/messages/${message.id}/${what}`);
    say(t(`message.${what}.done`));
    reload();
  });
  const can = may("operator");
  const waits = ["scheduled", "queued"].includes(message.state);
  const ended = ["failed", "expired"].includes(message.state);
  return html`<p class="deeds">
      <a class="button" href=${to("conversations", message.to)}><${Icon} name="chats" size=${18} />${t("message.conversation")}</a>
      ${can && waits && html`<button type="button" disabled=${act.busy} onClick=${() => act.run("cancel")}>${t("message.cancel")}</button>`}
      ${can && ended && html`<button type="button" disabled=${act.busy} onClick=${() => setAsked("resend")}>${t("message.resend")}</button>`}
    </p>
    <${Trouble} error=${act.error} />
    ${asked && html`<${Confirm} title=${t("message.resend")} what=${message.to} act=${t("message.resend")} danger=${false}
      text=${t("message.resend.text")}
      deed=${{ busy: act.busy, run: () => act.run("resend") }} onClose=${() => setAsked("")} />`}`;
}
