import { DEMO, address, html, post, reason, submit, t, to, useDeed, useLoad, useState } from "../core.js";
import { Code, Form, FormTrouble, Icon, Samples, State, Text, Trouble, Waiting } from "../parts.js";
import { LineCard, ofLines } from "../lines/line_card.js";
import { Examination } from "../lines/lines.js";
import { TextBox } from "../sms/text_box.js";

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
  // what is well takes no room from what is to be done next
  if (!ill) {
    return html`<ul class="plain">${lines.map((line) => html`<li key=${line.name}><a class="grow" href=${to("lines", line.name)}>${line.name}</a>
      <span class="quiet">${line.number}</span><${State} state=${line.state} kind="line" /></li>`)}</ul>`;
  }
  return html`<div class="cards">${lines.map((line) => html`<${LineCard} key=${line.name} line=${line} />`)}</div>
    ${ill && html`<${Examination} key=${ill.device} device=${ill.device} />`}`;
}

function SendTest({ ready }) {
  // in a demo somebody is there whatever the number is
  const [number, setNumber] = useState(DEMO ? "+15550150" : "");
  const [text, setText] = useState(t("first.send.words"));
  const send = useDeed(() => submit({ to: number.trim(), text }));
  return html`<p>${t(DEMO ? "first.send.demo" : "first.send.text")}</p>
    <${Form} deed=${send}>
      <${Text} label=${t(DEMO ? "first.send.any" : "first.send.to")} type="tel" hint=${t("compose.to.hint")} value=${number} onInput=${setNumber} required
        autocomplete="tel" placeholder=${t("compose.to.example")} field="to" />
      <${TextBox} label=${t("compose.text")} value=${text} onInput=${setText} rows=${2} required />
      <${FormTrouble} />
      <p class="deeds"><button type="submit" class="primary" disabled=${send.busy || !number.trim() || !text}>${t("compose.send")}</button></p>
      ${!ready && html`<p class="quiet">${t("first.send.waits")}</p>`}
    </${Form}>
    ${send.result && html`<${Followed} id=${send.result.id} />`}`;
}

// What becomes of the test, live, until the phone in the hand rings.
function Followed({ id }) {
  const { data } = useLoad(`/v1/messages/${id}`, {}, { when: (event) => event.subject === id });
  if (!data) return null;
  return html`<p class="notice" role="status"><${State} state=${data.state} />
    <span class="grow">${reason(data.error) || t(`state.${data.state}.means`)}</span>
    <a href=${to("messages", id)}>${t("message.timeline")}</a>
    ${DEMO && html`<a href=${to("virtual", data.to)}>${t("virtual.whose")}</a>`}</p>`;
}

function FirstKey({ onMade }) {
  const [name, setName] = useState("");
  const add = useDeed(async () => {
    const made = await post("/v1/accounts", { name: name.trim() });
    onMade();
    return made;
  });
  const key = add.result?.credentials.apikey;
  return html`<p>${t("first.program.text")}</p>
    ${key
      ? html`<p class="notice good"><span>${t("accounts.once")}</span></p><${Code} text=${key} label=${t("door.key")} />`
      : html`<${Form} class="inline" deed=${add}>
          <${Text} label=${t("accounts.name")} hint=${t("accounts.name.hint")} value=${name} onInput=${setName} required
            autocapitalize="none" spellcheck=${false} placeholder="webshop" field="name" />
          <button type="submit" class="primary" disabled=${add.busy || !name.trim()}>${t("first.program.make")}</button><${FormTrouble} /></${Form}>`}
    <${Samples} of="send" values=${{ url: location.origin + address("/v1/messages"), key: key || "$KEY" }} />`;
}
