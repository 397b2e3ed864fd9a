import { Moment, brief, get, html, number, patch, post, t, to, useDeed, useLoad, useState } from "../core.js";
import { Check, Code, Dialog, Done, Empty, Facts, Fate, Form, FormEnd, FormTrouble, Icon, Listed, Text, Trouble } from "../parts.js";
import { Keys } from "./keys.js";

export function Accounts({ route }) {
  const [name] = route.parts;
  const loaded = useLoad("/v1/accounts");
  const { data, reload } = loaded;
  const [adding, setAdding] = useState(false);
  const account = data?.accounts.find((each) => each.name === name);
  const add = html`<button type="button" class="primary" onClick=${() => setAdding(true)}>
    <${Icon} name="plus" size=${18} />${t("accounts.add")}</button>`;
  return html`<header class="top">
      <h1>${name ? html`<a class="up" href=${to("accounts")}>${t("place.accounts")}</a> ${name}` : t("place.accounts")}</h1>${!name && add}
    </header>
    ${!name && html`<p class="lead">${t("accounts.text")}</p>`}
    <${Listed} of=${loaded} rows=${!name && data?.accounts} draw=${(each) => html`<${Row} key=${each.name} each=${each} />`}
      none=${html`<${Empty} icon="accounts" title=${t("accounts.none")} action=${add}>${t("accounts.none.text")}</${Empty}>`} />
    ${data && name && !account && html`<p class="quiet">${t("place.gone")}</p>`}
    ${account && html`<${Account} key=${name} account=${account} reload=${reload} />`}
    ${adding && html`<${AddAccount} onClose=${() => { setAdding(false); reload(); }} />`}`;
}

function Row({ each }) {
  return html`<li><a href=${to("accounts", each.name)}>
    <span class="who">${each.name}</span>
    <span class="what">${each.operator ? t("accounts.operator") : each.credits === null ? "" : t("accounts.credits", { n: each.credits })}</span>
    <${Fate} tone=${each.disabled ? "bad" : "good"}>${t(each.disabled ? "accounts.off" : "accounts.on")}</${Fate}>
    <${Moment} at=${each.created_at} as=${brief} />
  </a></li>`;
}

function Account({ account, reload }) {
  const path = `/v1/accounts/${encodeURIComponent(account.name)}`;
  const [amount, setAmount] = useState("");
  // `what` is the change, or makes it of what is so now: somebody else may have changed it meanwhile
  const change = useDeed(async (what) => {
    await patch(path, what.call ? what(await get(path)) : what);
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
  ];
  return html`<section class="card">
      <${Facts} of=${facts.map(([name, value]) => [t(`accounts.${name}`), value])} />
      <${Form} class="inline" deed=${top}>
        <${Text} label=${t("accounts.top_up")} hint=${t(account.credits === null ? "accounts.top_up.first" : "accounts.top_up.hint")} type="number" step="1" value=${amount} onInput=${setAmount} field="credits" required />
        <button type="submit" disabled=${top.busy || !amount}>${t("accounts.top_up.act")}</button><${FormTrouble} /></${Form}>
      ${!account.operator && html`<p class="deeds"><button type="button" disabled=${change.busy}
        onClick=${() => change.run({ disabled: !account.disabled })}>${t(account.disabled ? "accounts.enable" : "accounts.disable")}</button></p>`}
      <${Trouble} error=${change.error} />
    </section>
    <${Lines} terms=${terms} change=${change} />
    <${Keys} account=${account.name} />`;
}

// Which lines are for whom, where several programs share the bridge; none checked are all.
function Lines({ terms, change }) {
  const { data } = useLoad("/v1/lines");
  const names = [...new Set([...(data?.lines.map((each) => each.name) || []), ...terms.lines, ...terms.inbound_lines])];
  if (names.length < 2) return null;
  const turn = (term, name, on) => change.run((now) => {
    const others = now.terms[term].filter((each) => each !== name);
    return { terms: { [term]: on ? [...others, name] : others } };
  });
  return html`<section class="card"><h2>${t("place.lines")}</h2><p class="quiet">${t("accounts.lines.text")}</p>
    ${["lines", "inbound_lines"].map((term) => html`<fieldset key=${term}><legend>${t(`accounts.${term}`)}</legend>
      ${names.map((name) => html`<${Check} key=${name} label=${name} checked=${terms[term].includes(name)} disabled=${change.busy}
        onInput=${(on) => turn(term, name, on)} />`)}</fieldset>`)}</section>`;
}

export function AddAccount({ onClose }) {
  const [name, setName] = useState("");
  const add = useDeed(() => post("/v1/accounts", { name: name.trim() }));
  return html`<${Dialog} title=${t("accounts.add")} onClose=${onClose}>
    ${add.result
      ? html`<${Credentials} credentials=${add.result.credentials} /><${Done} onClose=${onClose} />`
      : html`<${Form} deed=${add}>
        <${Text} label=${t("accounts.name")} hint=${t("accounts.name.hint")} value=${name} onInput=${setName} required autofocus
          autocapitalize="none" spellcheck=${false} field="name" />
        <${FormEnd} onClose=${onClose} act=${t("accounts.add")} /></${Form}>`}
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
