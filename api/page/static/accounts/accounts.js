// Accounts: the programs that send through the bridge, with their credentials and keys.
import { patch, post } from "../core/api.js";
import { useDeed, useLoad } from "../core/loading.js";
import { Moment, brief, number } from "../core/moments.js";
import { to } from "../core/route.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Dialog, Done, FormEnd } from "../parts/dialog.js";
import { Code } from "../parts/copy.js";
import { FormTrouble, Text } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { Empty, Trouble, Waiting } from "../parts/notice.js";
import { Keys } from "./keys.js";

export function Accounts({ route }) {
  const [name] = route.parts;
  const { data, error, loading, reload } = useLoad("/v1/accounts");
  const [adding, setAdding] = useState(false);
  const account = data?.accounts.find((each) => each.name === name);
  const add = html`<button type="button" class="primary" onClick=${() => setAdding(true)}>
    <${Icon} name="plus" size=${18} />${t("accounts.add")}</button>`;
  return html`<header class="top">
      <h1>${name ? html`<a class="up" href=${to("accounts")}>${t("place.accounts")}</a> ${name}` : t("place.accounts")}</h1>${!name && add}
    </header>
    ${!name && html`<p class="lead">${t("accounts.text")}</p>`}
    <${Trouble} error=${error} retry=${reload} />
    ${loading && html`<${Waiting} />`}
    ${data && !name && (data.accounts.length
      ? html`<ul class="rows">${data.accounts.map((each) => html`<${Row} key=${each.name} each=${each} />`)}</ul>`
      : html`<${Empty} icon="accounts" title=${t("accounts.none")} action=${add}>${t("accounts.none.text")}</${Empty}>`)}
    ${account && html`<${Account} key=${name} account=${account} reload=${reload} />`}
    ${adding && html`<${AddAccount} onClose=${() => { setAdding(false); reload(); }} />`}`;
}

function Row({ each }) {
  const state = each.disabled ? "bad" : "good";
  return html`<li><a href=${to("accounts", each.name)}>
    <span class="who">${each.name}</span>
    <span class="what">${each.operator ? t("accounts.operator") : each.credits === null ? "" : t("accounts.credits", { n: each.credits })}</span>
    <span class="state ${state}"><span class="mark" aria-hidden="true"></span>${t(each.disabled ? "accounts.off" : "accounts.on")}</span>
    <${Moment} at=${each.created_at} as=${brief} />
  </a></li>`;
}

function Account({ account, reload }) {
  const path = `/v1/accounts/${encodeURIComponent(account.name)}`;
  const [amount, setAmount] = useState("");
  const change = useDeed(async (what) => {
    await patch(path, what);
    reload();
  });
  const top = useDeed(async () => {
    await post(`${path}/credits`, { credits: Number(amount) });
    setAmount("");
    reload();
  });
  const { terms } = account;
  const facts = [
    ["left", account.credits === null ? t("accounts.uncounted") : number(account.credits)],
    ["zone", terms.zone], ["country", terms.country], ["addresses", terms.addresses.join(", ")],
    ["requests_per_minute", terms.requests_per_minute || ""], ["daily_per_recipient", terms.daily_per_recipient || ""],
  ].filter(([, value]) => value);
  return html`<section class="card">
      <dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${t(`accounts.${name}`)}</dt><dd>${value}</dd></div>`)}</dl>
      <form class="inline" onSubmit=${(event) => { event.preventDefault(); top.run(); }}>
        <${Text} label=${t("accounts.top_up")} hint=${t("accounts.top_up.hint")} type="number" step="1" value=${amount} onInput=${setAmount}
          error=${top.error} field="credits" required />
        <button type="submit" disabled=${top.busy || !amount}>${t("accounts.top_up.act")}</button></form>
      <${FormTrouble} error=${top.error} fields=${["credits"]} />
      ${!account.operator && html`<p class="deeds"><button type="button" disabled=${change.busy}
        onClick=${() => change.run({ disabled: !account.disabled })}>${t(account.disabled ? "accounts.enable" : "accounts.disable")}</button></p>`}
      <${Trouble} error=${change.error} />
    </section>
    <${Keys} account=${account.name} />`;
}

export function AddAccount({ onClose }) {
  const [name, setName] = useState("");
  const add = useDeed(() => post("/v1/accounts", { name: name.trim() }));
  const send = (event) => {
    event.preventDefault();
    add.run();
  };
  return html`<${Dialog} title=${t("accounts.add")} onClose=${onClose}>
    ${add.result
      ? html`<${Credentials} credentials=${add.result.credentials} /><${Done} onClose=${onClose} />`
      : html`<form onSubmit=${send}>
        <${Text} label=${t("accounts.name")} hint=${t("accounts.name.hint")} value=${name} onInput=${setName} required autofocus
          autocapitalize="none" spellcheck=${false} error=${add.error} field="name" />
        <${FormTrouble} error=${add.error} fields=${["name"]} />
        <${FormEnd} onClose=${onClose} act=${t("accounts.add")} off=${add.busy} /></form>`}
  </${Dialog}>`;
}

// Shown this once: the API key first, those of other dialects for who needs them.
export function Credentials({ credentials }) {
  const { apikey, account, ...others } = credentials;
  return html`<p>${t("accounts.once")}</p>
    ${apikey && html`<h3>${t("door.key")}</h3><${Code} text=${apikey} label=${t("door.key")} />`}
    ${Object.keys(others).length > 0 && html`<details open=${!apikey}><summary>${t("accounts.others")}</summary>
      <${Code} text=${Object.entries(others).map(([name, value]) => `${name} = ${value}`).join("\n")} label=${t("accounts.others")} /></details>`}`;
}
