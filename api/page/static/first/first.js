// First steps: is a line there, does an SMS go out, and how does a program send one.
import { post } from "../core/api.js";
import { useDeed, useLoad } from "../core/loading.js";
import { to } from "../core/route.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "../parts/icons.js";
import { FormTrouble, Text } from "../parts/fields.js";
import { Trouble, Waiting } from "../parts/notice.js";
import { State } from "../parts/state.js";
import { Code } from "../parts/copy.js";
import { LineCard } from "../lines/line_card.js";
import { Examination } from "../lines/lines.js";
import { TextBox } from "../sms/text_box.js";
import { Samples } from "../webhooks/verify.js";
import { samples } from "./samples.js";

const ofLines = { when: (event) => event.name === "line.changed" };
const ofMessages = { when: (event) => event.name.startsWith("message.") };

export function First() {
  const lines = useLoad("/v1/lines", {}, ofLines);
  const gone = useLoad("/v1/messages", { state: "sent,delivered", limit: 1 }, ofMessages);
  const accounts = useLoad("/v1/accounts");
  const ready = lines.data?.lines.some((line) => line.state === "ready");
  const sent = gone.data?.messages.length > 0;
  const program = accounts.data?.accounts.some((each) => !each.operator);
  return html`<header class="top"><h1>${t("place.first")}</h1></header>
    <p class="lead">${t("first.text")}</p>
    <${Trouble} error=${lines.error} retry=${lines.reload} />
    <ol class="steps">
      <${Step} n=${1} title=${t("first.line")} done=${ready}><${PlugIn} lines=${lines.data?.lines} /></${Step}>
      <${Step} n=${2} title=${t("first.send")} done=${sent}><${SendTest} ready=${ready} /></${Step}>
      <${Step} n=${3} title=${t("first.program")} done=${program}><${FirstKey} onMade=${accounts.reload} /></${Step}>
    </ol>`;
}

function Step({ n, title, done, children }) {
  return html`<li class="card step ${done ? "done" : ""}">
    <header><span class="face" aria-hidden="true">${done ? html`<${Icon} name="check" size=${18} />` : n}</span>
      <h2>${title}${done && html`<span class="hidden"> (${t("first.done")})</span>`}</h2></header>
    ${children}
  </li>`;
}

function PlugIn({ lines }) {
  if (!lines) return html`<${Waiting} rows=${2} />`;
  if (!lines.length) {
    return html`<p>${t("first.line.none")}</p><${Code} text="sms-bridge devices" label=${t("first.command")} />
      <p class="quiet">${t("first.line.none.then")}</p>`;
  }
  const ill = lines.find((line) => line.state !== "ready");
  return html`<div class="cards">${lines.map((line) => html`<${LineCard} key=${line.name} line=${line} />`)}</div>
    ${ill && html`<${Examination} device=${ill.device} />`}`;
}

function SendTest({ ready }) {
  const [number, setNumber] = useState("");
  const [text, setText] = useState(t("first.send.words"));
  const send = useDeed(() => post("/v1/messages", { to: number.trim(), text }));
  const submit = (event) => {
    event?.preventDefault();
    send.run();
  };
  return html`<p>${t("first.send.text")}</p>
    <form onSubmit=${submit}>
      <${Text} label=${t("first.send.to")} type="tel" hint=${t("compose.to.hint")} value=${number} onInput=${setNumber} required
        autocomplete="tel" placeholder="+1 555 0150" error=${send.error} field="to" />
      <${TextBox} label=${t("compose.text")} value=${text} onInput=${setText} onSend=${submit} rows=${2} />
      <${FormTrouble} error=${send.error} fields=${["to"]} />
      <p class="deeds"><button type="submit" class="primary" disabled=${send.busy || !number.trim() || !text}>${t("compose.send")}</button></p>
      ${!ready && html`<p class="quiet">${t("first.send.waits")}</p>`}
    </form>
    ${send.result && html`<${Followed} id=${send.result.id} />`}`;
}

// What becomes of the test, live, until the phone in the hand rings.
function Followed({ id }) {
  const { data } = useLoad(`/v1/messages/${id}`, {}, { when: (event) => event.subject === id });
  if (!data) return null;
  return html`<p class="notice" role="status"><${State} state=${data.state} />
    <span class="grow">${data.error || t(`state.${data.state}.means`)}</span>
    <a href=${to("messages", id)}>${t("message.timeline")}</a></p>`;
}

function FirstKey({ onMade }) {
  const [name, setName] = useState("");
  const add = useDeed(async () => {
    const made = await post("/v1/accounts", { name: name.trim() });
    onMade();
    return made;
  });
  const key = add.result?.credentials.apikey;
  const submit = (event) => {
    event.preventDefault();
    add.run();
  };
  return html`<p>${t("first.program.text")}</p>
    ${key
      ? html`<p class="notice good"><span>${t("accounts.once")}</span></p><${Code} text=${key} label=${t("door.key")} />`
      : html`<form class="inline" onSubmit=${submit}>
          <${Text} label=${t("accounts.name")} hint=${t("accounts.name.hint")} value=${name} onInput=${setName} required
            autocapitalize="none" spellcheck=${false} placeholder="webshop" error=${add.error} field="name" />
          <button type="submit" class="primary" disabled=${add.busy || !name.trim()}>${t("first.program.make")}</button></form>
        <${FormTrouble} error=${add.error} fields=${["name"]} />`}
    <${Samples} samples=${samples(key || "$KEY")} />`;
}
