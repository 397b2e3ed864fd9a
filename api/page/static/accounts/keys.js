import { Moment, brief, html, post, remove, t, useDeed, useLoad, useState } from "../core.js";
import { Check, Choice, Confirm, Dialog, Done, Form, FormEnd, Icon, Listed, Text } from "../parts.js";
import { Credentials } from "./accounts.js";

const SCOPES = ["send", "read", "inbox", "webhooks", "admin"];
const DAY = 86_400_000;
const LIVES = { "": 0, 30: 30, 90: 90, 365: 365 };

export const actingFor = (account) => ({ headers: { "SMS-Bridge-Account": account } });

export function Keys({ account }) {
  const [adding, setAdding] = useState(false);
  const [ended, setEnded] = useState(null);
  const loaded = useLoad("/v1/keys", {}, actingFor(account));
  const end = useDeed(async () => {
    await remove(`/v1/keys/${encodeURIComponent(ended)}`, actingFor(account));
    loaded.reload();
  });
  return html`<section aria-labelledby="keys">
    <header class="top"><h2 id="keys">${t("keys")}</h2>
      <button type="button" onClick=${() => setAdding(true)}><${Icon} name="plus" size=${18} />${t("keys.add")}</button></header>
    <${Listed} of=${loaded} rows=${loaded.data?.keys} error=${loaded.error || end.error} waiting=${2} draw=${(each) => html`<li key=${each.name} class="row">
          <span class="who">${each.name}</span>
          <span class="what">${each.scopes.map((scope) => t(`scope.${scope}`)).join(", ")}</span>
          <span class="via wide">${each.expires_at ? html`${t("keys.until")} <${Moment} at=${each.expires_at} as=${brief} />` : t("keys.for_good")}</span>
          <button type="button" onClick=${() => setEnded(each.name)}>${t("keys.revoke")}</button></li>`}
      none=${html`<p class="quiet none">${t("keys.none")}</p>`} />
    ${adding && html`<${AddKey} account=${account} onClose=${() => { setAdding(false); loaded.reload(); }} />`}
    ${ended && html`<${Confirm} title=${t("keys.revoke")} text=${t("keys.revoke.text", { name: ended })} act=${t("keys.revoke")}
      deed=${end} onClose=${() => setEnded(null)} />`}
  </section>`;
}

function AddKey({ account, onClose }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(["send", "read"]);
  const [life, setLife] = useState("");
  const add = useDeed(() => post("/v1/keys", {
    name: name.trim(), scopes,
    ...(LIVES[life] ? { expires_at: new Date(Date.now() + LIVES[life] * DAY).toISOString() } : {}),
  }, actingFor(account)));
  const turn = (scope, on) => setScopes(SCOPES.filter((each) => (each === scope ? on : scopes.includes(each))));
  return html`<${Dialog} title=${t("keys.add")} onClose=${onClose}>
    ${add.result
      ? html`<${Credentials} credentials=${add.result.credentials} /><${Done} onClose=${onClose} />`
      : html`<${Form} deed=${add}>
        <${Text} label=${t("keys.name")} hint=${t("keys.name.hint")} value=${name} onInput=${setName} required autofocus
          autocapitalize="none" spellcheck=${false} field="name" />
        <fieldset><legend>${t("keys.may")}</legend>
          ${SCOPES.map((scope) => html`<${Check} key=${scope} label=${t(`scope.${scope}.means`)} checked=${scopes.includes(scope)}
            onInput=${(on) => turn(scope, on)} />`)}</fieldset>
        <${Choice} label=${t("keys.life")} value=${life} onInput=${setLife}
          options=${Object.keys(LIVES).map((days) => [days, days ? t("keys.days", { n: Number(days) }) : t("keys.for_good")])} />
        <${FormEnd} onClose=${onClose} act=${t("keys.add")} off=${!scopes.length} /></${Form}>`}
  </${Dialog}>`;
}
