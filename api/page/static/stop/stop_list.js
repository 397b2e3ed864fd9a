// The numbers that nothing is sent to: who wrote STOP, and who was put here by hand.
import { get, put, remove } from "../core/api.js";
import { onEvent } from "../core/live.js";
import { useDeed } from "../core/loading.js";
import { Moment, ago } from "../core/moments.js";
import { to } from "../core/route.js";
import { may } from "../core/session.js";
import { html, useEffect, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Confirm, Dialog, FormEnd } from "../parts/dialog.js";
import { FormTrouble, Text } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { Empty, Trouble, Waiting, say } from "../parts/notice.js";

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

// It need not be on the list of each account.
function absent(problem) {
  if (problem.status !== 404) throw problem;
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
    <${Trouble} error=${error || free.error} retry=${reload} />
    ${!data && !error && html`<${Waiting} />`}
    ${data && (data.rows.length
      ? html`<ul class="rows">${data.rows.map((each) => html`<li key=${each.number + each.line} class="row">
          <a class="who" href=${to("conversations", each.number)}>${each.number}</a>
          <span class="what" dir="auto">${each.reason}</span>
          <span class="via">${each.line === "*" ? t("stop.every") : each.line}</span>
          <${Moment} at=${each.at} as=${ago} />
          ${may("operator") && html`<button type="button" onClick=${() => setFreed(each)}>${t("stop.free")}</button>`}
        </li>`)}</ul>`
      : html`<${Empty} icon="stop" title=${t("stop.none")}>${t("stop.none.text")}</${Empty}>`)}
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
  const send = (event) => {
    event.preventDefault();
    add.run();
  };
  return html`<${Dialog} title=${t("stop.add")} onClose=${onClose}><form onSubmit=${send}>
    <${Text} label=${t("stop.number")} type="tel" value=${number} onInput=${setNumber} required autofocus placeholder="+1 555 0150" />
    <${Text} label=${t("stop.reason")} value=${reason} onInput=${setReason} maxlength="200" />
    <${FormTrouble} error=${add.error} />
    <${FormEnd} onClose=${onClose} act=${t("stop.add")} off=${add.busy} />
  </form></${Dialog}>`;
}
