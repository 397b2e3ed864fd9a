// Contacts: names for numbers, in groups, brought along as a file.
import { address, post } from "../core/api.js";
import { useDeed, useLoad, usePages } from "../core/loading.js";
import { to } from "../core/route.js";
import { may } from "../core/session.js";
import { html, useEffect, useRef, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Dialog, Done } from "../parts/dialog.js";
import { Icon } from "../parts/icons.js";
import { Empty, Trouble, Waiting } from "../parts/notice.js";
import { Contact } from "./contact.js";

const KINDS = { csv: "text/csv", vcf: "text/vcard", vcard: "text/vcard" };

export function Contacts() {
  const [typed, setTyped] = useState("");
  const [keyword, setKeyword] = useState("");
  const [group, setGroup] = useState("");
  const [open, setOpen] = useState(null);
  const pages = usePages("/v1/contacts", { limit: 100, keyword, group }, (answer) => answer.contacts);
  const groups = useLoad("/v1/contacts/groups");
  useEffect(() => {
    const timer = setTimeout(() => setKeyword(typed.trim()), 250);
    return () => clearTimeout(timer);
  }, [typed]);
  const again = () => {
    pages.reload();
    groups.reload();
  };
  const close = () => {
    setOpen(null);
    again();
  };
  const names = groups.data?.groups.map((each) => each.name) || [];
  return html`<header class="top"><h1>${t("place.contacts")}</h1>
      <span class="acts">
        <a class="button" href=${address("/v1/contacts/export", { format: "csv" })} download="contacts.csv">
          <${Icon} name="download" size=${18} />${t("contacts.export")}</a>
        ${may("operator") && html`<${Import} onDone=${again} />
          <button type="button" class="primary" onClick=${() => setOpen({ number: "", contact: null })}>
            <${Icon} name="plus" size=${18} />${t("contact.add")}</button>`}
      </span></header>
    <div class="filters">
      <label class="search"><${Icon} name="search" size=${18} /><span class="hidden">${t("conversations.search")}</span>
        <input type="search" value=${typed} placeholder=${t("conversations.search")} onInput=${(event) => setTyped(event.target.value)} /></label>
      ${names.length > 0 && html`<div class="chips" role="group" aria-label=${t("contact.groups")}>
        ${["", ...names].map((name) => html`<button type="button" key=${name} aria-pressed=${name === group} onClick=${() => setGroup(name)}>
          ${name || t("messages.state.all")}</button>`)}</div>`}
    </div>
    <${Trouble} error=${pages.error} retry=${pages.reload} />
    ${pages.loading && html`<${Waiting} />`}
    ${pages.rows && (pages.rows.length
      ? html`<ul class="rows">${pages.rows.map((each) => html`<${Row} key=${each.number} each=${each} open=${() => setOpen({ number: each.number, contact: each })} />`)}</ul>`
      : html`<${Empty} icon="contacts" title=${t(keyword || group ? "conversations.not_found" : "contacts.none")}>${t("contacts.none.text")}</${Empty}>`)}
    ${pages.more && html`<p class="after"><button type="button" onClick=${pages.more}>${t("act.more")}</button></p>`}
    ${open && html`<${Contact} ...${open} onClose=${close} />`}`;
}

function Row({ each, open }) {
  return html`<li class="row">
    <a class="who" href=${to("conversations", each.number)} dir="auto">${each.name || each.number}</a>
    <span class="via wide">${each.number}</span>
    <span class="what" dir="auto">${[each.groups.join(", "), each.note].filter(Boolean).join(" · ")}</span>
    ${each.suppressed && html`<span class="state bad">STOP</span>`}
    ${each.consent !== "unknown" && html`<span class="state ${each.consent === "given" ? "good" : "bad"}">${t(`consent.${each.consent}`)}</span>`}
    <button type="button" onClick=${open} aria-label=${t("people.change.name", { name: each.name || each.number })}>${t("people.change")}</button>
  </li>`;
}

function Import({ onDone }) {
  const file = useRef(null);
  const bring = useDeed(async (chosen) => {
    const kind = KINDS[chosen.name.split(".").pop().toLowerCase()] || "text/csv";
    const sent = new Blob([await chosen.text()], { type: kind });
    const answer = await post(`/v1/contacts/import?format=${kind === "text/csv" ? "csv" : "vcard"}`, undefined, { file: sent });
    onDone();
    return answer;
  });
  const take = (event) => {
    const [chosen] = event.target.files;
    if (chosen) bring.run(chosen);
    event.target.value = ""; // so that the same file can be chosen again
  };
  return html`<button type="button" disabled=${bring.busy} onClick=${() => file.current.click()}>
      <${Icon} name="upload" size=${18} />${t("contacts.import")}</button>
    <input ref=${file} type="file" hidden accept=".csv,.vcf,.vcard,text/csv,text/vcard" aria-label=${t("contacts.import")} onChange=${take} />
    ${(bring.result || bring.error) && html`<${Dialog} title=${t("contacts.import")} onClose=${bring.clear}>
      <${Trouble} error=${bring.error} />
      ${bring.result && html`<p>${t("contacts.added", { n: bring.result.added })} ${t("contacts.changed", { n: bring.result.changed })}</p>
        ${bring.result.bad.length > 0 && html`<h3>${t("contacts.bad", { n: bring.result.bad.length })}</h3>
          <ul class="plain bad-rows">${bring.result.bad.slice(0, 100).map((each) => html`<li key=${each.line}>
            <span class="quiet">${t("contacts.line", { n: each.line })}</span><span class="grow" dir="auto">${each.number}</span><small>${each.problem}</small></li>`)}</ul>`}`}
      <${Done} onClose=${bring.clear} />
    </${Dialog}>`}`;
}
