import { Moment, absent, ago, get, html, may, onEvent, put, reason, remove, t, to, useDeed, useEffect, useState } from "../core.js";
import { Confirm, Dialog, Empty, Form, FormEnd, Icon, Listed, Text, say } from "../parts.js";

const listOf = (account) => `/v1/accounts/${encodeURIComponent(account)}/suppressed`;

// The lists of all accounts as one: a STOP to a line stands in each of them.
async function everybody() {
  const { accounts } = await get("/v1/accounts");
  const names = accounts.map((each) => each.name);
  const lists = await Promise.all(names.map(async (account) =>
    (await get(listOf(account))).suppressed.map((each) => ({ ...each, account }))));
  const found = new Map(lists.flat().map((each) => [`${each.number} ${each.line}`, each]));
  return { names, rows: [...found.values()].sort((one, other) => other.at.localeCompare(one.at)) };
}

export function StopList() {
  const look = useDeed(everybody);
  const { result: data, error, run: reload } = look;
  useEffect(() => {
    reload();
    return onEvent((event) => void ((!event || event.name.startsWith("recipient.")) && reload()));
  }, []);
  const [adding, setAdding] = useState(false);
  const [freed, setFreed] = useState(null);
  const free = useDeed(async () => {
    await Promise.all(data.names.map((account) => remove(`${listOf(account)}/${encodeURIComponent(freed.number)}`).catch(absent)));
    say(t("stop.freed", { number: freed.number }));
    reload();
  });
  const add = may("operator") && html`<button type="button" class="primary" onClick=${() => setAdding(true)}>
    <${Icon} name="plus" size=${18} />${t("stop.add")}</button>`;
  return html`<header class="top"><h1>${t("place.stop")}</h1>${add}</header>
    <p class="lead">${t("stop.text")}</p>
    <${Listed} of=${{ reload, loading: !data && !error }} rows=${data?.rows} error=${error || free.error} draw=${(each) => html`<li key=${each.number + each.line} class="row">
          <a class="who" href=${to("conversations", each.number)}>${each.number}</a>
          <span class="what" dir="auto">${reason(each.reason)}</span>
          <span class="via">${each.line === "*" ? t("stop.every") : each.line}</span>
          <${Moment} at=${each.at} as=${ago} />
          ${may("operator") && html`<button type="button" onClick=${() => setFreed(each)}>${t("stop.free")}</button>`}
        </li>`}
      none=${html`<${Empty} icon="stop" title=${t("stop.none")}>${t("stop.none.text")}</${Empty}>`} />
    ${adding && html`<${Add} accounts=${data?.names || []} onClose=${() => { setAdding(false); reload(); }} />`}
    ${freed && html`<${Confirm} title=${t("stop.free")} text=${t("stop.free.text", { number: freed.number })} act=${t("stop.free")}
      danger=${false} deed=${free} onClose=${() => setFreed(null)} />`}`;
}

// A number is put on the list of every account: who asks for peace means all programs of the house.
function Add({ accounts, onClose }) {
  const [number, setNumber] = useState("");
  const [reason, setReason] = useState("");
  const add = useDeed(async () => {
    const what = reason ? { reason } : {};
    await Promise.all(accounts.map((account) => put(`${listOf(account)}/${encodeURIComponent(number.trim())}`, what)));
    onClose();
  });
  return html`<${Dialog} title=${t("stop.add")} onClose=${onClose}><${Form} deed=${add}>
    <${Text} label=${t("stop.number")} type="tel" value=${number} onInput=${setNumber} required autofocus placeholder=${t("compose.to.example")} />
    <${Text} label=${t("stop.reason")} value=${reason} onInput=${setReason} maxlength="200" />
    <${FormEnd} onClose=${onClose} act=${t("stop.add")} />
  </${Form}></${Dialog}>`;
}
