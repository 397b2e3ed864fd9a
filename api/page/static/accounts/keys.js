// Keys of an account: each for one program, with what it may do and until when.
import { get, post, remove } from "../core/api.js";
import { useDeed } from "../core/loading.js";
import { Moment, brief } from "../core/moments.js";
import { html, useCallback, useEffect, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Confirm, Dialog, Done, FormEnd } from "../parts/dialog.js";
import { Check, Choice, FormTrouble, Text } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { Trouble, Waiting } from "../parts/notice.js";
import { Credentials } from "./accounts.js";

const SCOPES = ["send", "read", "inbox", "webhooks", "admin"];
const DAY = 86_400_000;
const LIVES = { "": 0, 30: 30, 90: 90, 365: 365 };

export const actingFor = (account) => ({ headers: { "SMS-Bridge-Account": account } });

export function Keys({ account }) {
  const [keys, setKeys] = useState(null);
  const [adding, setAdding] = useState(false);
  const [ended, setEnded] = useState(null);
  const load = useCallback(async () => setKeys((await get("/v1/keys", {}, actingFor(account))).keys), [account]);
  const look = useDeed(load);
  useEffect(() => void look.run(), [load]);
  const end = useDeed(async () => {
    await remove(`/v1/keys/${encodeURIComponent(ended)}`, actingFor(account));
    await load();
  });
  return html`<section aria-labelledby="keys">
    <header class="top"><h2 id="keys">${t("keys")}</h2>
      <button type="button" onClick=${() => setAdding(true)}><${Icon} name="plus" size=${18} />${t("keys.add")}</button></header>
    <${Trouble} error=${look.error || end.error} />
    ${!keys && !look.error && html`<${Waiting} rows=${2} />`}
    ${keys && (keys.length
      ? html`<ul class="rows">${keys.map((each) => html`<li key=${each.name} class="row">
          <span class="who">${each.name}</span>
          <span class="what">${each.scopes.map((scope) => t(`scope.${scope}`)).join(", ")}</span>
          <span class="via wide">${each.expires_at ? html`${t("keys.until")} <${Moment} at=${each.expires_at} as=${brief} />` : t("keys.for_good")}</span>
          <button type="button" onClick=${() => setEnded(each.name)}>${t("keys.revoke")}</button></li>`)}</ul>`
      : html`<p class="quiet none">${t("keys.none")}</p>`)}
    ${adding && html`<${AddKey} account=${account} onClose=${() => { setAdding(false); load(); }} />`}
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
  const send = (event) => {
    event.preventDefault();
    add.run();
  };
  const turn = (scope, on) => setScopes(SCOPES.filter((each) => (each === scope ? on : scopes.includes(each))));
  return html`<${Dialog} title=${t("keys.add")} onClose=${onClose}>
    ${add.result
      ? html`<${Credentials} credentials=${add.result.credentials} /><${Done} onClose=${onClose} />`
      : html`<form onSubmit=${send}>
        <${Text} label=${t("keys.name")} hint=${t("keys.name.hint")} value=${name} onInput=${setName} required autofocus
          autocapitalize="none" spellcheck=${false} error=${add.error} field="name" />
        <fieldset><legend>${t("keys.may")}</legend>
          ${SCOPES.map((scope) => html`<${Check} key=${scope} label=${t(`scope.${scope}.means`)} checked=${scopes.includes(scope)}
            onInput=${(on) => turn(scope, on)} />`)}</fieldset>
        <${Choice} label=${t("keys.life")} value=${life} onInput=${setLife}
          options=${Object.keys(LIVES).map((days) => [days, days ? t("keys.days", { n: Number(days) }) : t("keys.for_good")])} />
        <${FormTrouble} error=${add.error} fields=${["name"]} />
        <${FormEnd} onClose=${onClose} act=${t("keys.add")} off=${add.busy || !scopes.length} /></form>`}
  </${Dialog}>`;
}
