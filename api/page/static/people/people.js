import { Moment, ago, html, patch, post, remove, session, t, useDeed, useLoad, useState } from "../core.js";
import { Choice, Code, Confirm, Dialog, Done, Form, FormEnd, Icon, Listed, Text, Trouble } from "../parts.js";

export const ROLES = ["owner", "operator", "reader"];
const roles = () => ROLES.map((role) => [role, t(`role.${role}`)]);

export function People() {
  const loaded = useLoad("/v1/users");
  const { data, reload } = loaded;
  const [adding, setAdding] = useState(false);
  const [chosen, setChosen] = useState(null);
  const user = data?.users.find((each) => each.name === chosen);
  return html`<header class="top"><h1>${t("place.people")}</h1>
      <button type="button" class="primary" onClick=${() => setAdding(true)}><${Icon} name="plus" size=${18} />${t("people.add")}</button></header>
    <p class="lead">${t("people.text")}</p>
    <${Listed} of=${loaded} rows=${data?.users} draw=${(each) => html`<li key=${each.name} class="row">
      <span class="face" aria-hidden="true">${each.name[0].toUpperCase()}</span>
      <span class="who">${each.name}</span>
      <span class="what">${t(`role.${each.role}`)}${each.totp ? ` · ${t("codes")}` : ""}</span>
      ${each.disabled && html`<span class="state bad">${t("accounts.off")}</span>`}
      ${each.seen_at ? html`<${Moment} at=${each.seen_at} as=${ago} />` : html`<time>${t("people.never")}</time>`}
      <button type="button" onClick=${() => setChosen(each.name)} aria-label=${t("people.change.name", { name: each.name })}>${t("people.change")}</button>
    </li>`} />
    ${adding && html`<${Add} onClose=${() => { setAdding(false); reload(); }} />`}
    ${user && html`<${Change} user=${user} reload=${reload} onClose=${() => setChosen(null)} />`}`;
}

function Add({ onClose }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("operator");
  const add = useDeed(() => post("/v1/users", { name: name.trim(), role }));
  return html`<${Dialog} title=${t("people.add")} onClose=${onClose}>
    ${add.result
      ? html`<${Link} link=${add.result.link} name=${add.result.name} /><${Done} onClose=${onClose} />`
      : html`<${Form} deed=${add}>
        <${Text} label=${t("door.name")} hint=${t("welcome.name.hint")} value=${name} onInput=${setName} required autofocus
          autocomplete="off" autocapitalize="none" spellcheck=${false} field="name" />
        <${Choice} label=${t("people.role")} hint=${t(`role.${role}.means`)} value=${role} onInput=${setRole} options=${roles()} />
        <${FormEnd} onClose=${onClose} act=${t("people.add")} /></${Form}>`}
  </${Dialog}>`;
}

// The bridge may not know by which name it is reached, so the link is to the page as it is open here.
function Link({ link, name }) {
  const here = new URL(link.slice(link.indexOf("#")), location.href).href;
  return html`<p>${t("people.link", { name })}</p><${Code} text=${here} label=${t("people.link.label")} />`;
}

function Change({ user, reload, onClose }) {
  const [asked, setAsked] = useState(false);
  const path = `/v1/users/${encodeURIComponent(user.name)}`;
  const change = useDeed(async (what) => {
    await patch(path, what);
    reload();
  });
  const link = useDeed(() => post(`${path}/link`));
  const end = useDeed(async () => {
    await remove(path);
    onClose();
    reload();
  });
  const self = session.value.user.name === user.name;
  if (asked) {
    return html`<${Confirm} title=${t("people.remove")} text=${t("people.remove.text", { name: user.name })} act=${t("people.remove")}
      deed=${end} onClose=${() => setAsked(false)} />`;
  }
  return html`<${Dialog} title=${user.name} onClose=${onClose}>
    <${Choice} label=${t("people.role")} hint=${t(`role.${user.role}.means`)} value=${user.role} disabled=${self || change.busy}
      onInput=${(role) => change.run({ role })} options=${roles()} />
    <${Trouble} error=${change.error || link.error || end.error} />
    ${link.result && html`<${Link} link=${link.result.link} name=${user.name} />`}
    <p class="deeds">
      <button type="button" disabled=${link.busy} onClick=${link.run}>${t("people.link.make")}</button>
      ${user.totp && html`<button type="button" disabled=${change.busy} onClick=${() => change.run({ totp: false })}>${t("people.codes.off")}</button>`}
      ${!self && html`<button type="button" disabled=${change.busy} onClick=${() => change.run({ disabled: !user.disabled })}>
        ${t(user.disabled ? "people.enable" : "people.disable")}</button>
      <button type="button" onClick=${() => setAsked(true)}>${t("people.remove")}</button>`}
    </p>
  </${Dialog}>`;
}
