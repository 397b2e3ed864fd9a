import { address, get, go, html, may, post, reason, t, to, useDeed, useLoad, usePages, useRef, useState, useTyped } from "../core.js";
import { Dialog, Done, Empty, Icon, Listed, Trouble } from "../parts.js";
import { Contact } from "./contact.js";

const KINDS = { csv: "text/csv", vcf: "text/vcard", vcard: "text/vcard" };

export function Contacts() {
  const [typed, setTyped, keyword] = useTyped();
  const [group, setGroup] = useState("");
  const [open, setOpen] = useState(null);
  const pages = usePages("/v1/contacts", { limit: 100, keyword, group }, (answer) => answer.contacts);
  const groups = useLoad("/v1/contacts/groups");
  const again = () => {
    pages.reload();
    groups.reload();
  };
  const close = () => {
    setOpen(null);
    again();
  };
  const can = may("operator");
  const names = groups.data?.groups.map((each) => each.name) || [];
  return html`<header class="top"><h1>${t("place.contacts")}</h1>
      <span class="acts">
        <a class="button" href=${address("/v1/contacts/export", { format: "csv" })} download="contacts.csv">
          <${Icon} name="download" size=${18} />${t("contacts.export")}</a>
        ${can && html`<${Import} onDone=${again} />
          <button type="button" class="primary" onClick=${() => setOpen({ number: "", contact: null })}>
            <${Icon} name="plus" size=${18} />${t("contact.add")}</button>`}
      </span></header>
    <div class="filters">
      <label class="search"><${Icon} name="search" size=${18} /><span class="hidden">${t("conversations.search")}</span>
        <input type="search" value=${typed} placeholder=${t("conversations.search")} onInput=${(event) => setTyped(event.target.value)} /></label>
      ${names.length > 0 && html`<div class="chips" role="group" aria-label=${t("contact.groups")}>
        ${["", ...names].map((name) => html`<button type="button" key=${name} aria-pressed=${name === group} onClick=${() => setGroup(name)}>
          ${name || t("messages.state.all")}</button>`)}
        ${group && can && html`<${ToGroup} key=${group} group=${group} />`}</div>`}
    </div>
    <${Listed} of=${pages} draw=${(each) => html`<${Row} key=${each.number} each=${each} open=${() => setOpen({ number: each.number, contact: each })} />`}
      none=${keyword || group ? html`<p class="quiet none">${t("conversations.not_found")}</p>`
        : html`<${Empty} icon="contacts" title=${t("contacts.none")}>${t(can ? "contacts.none.text" : "contacts.none.reader")}</${Empty}>`} />
    ${open && html`<${Contact} ...${open} onClose=${close} />`}`;
}

// readers see a contact and change nothing
const deed = () => t(may("operator") ? "people.change" : "contact");

function Row({ each, open }) {
  return html`<li class="row">
    <a class="who" href=${to("conversations", each.number)} dir="auto">${each.name || each.number}</a>
    <span class="via wide">${each.number}</span>
    <span class="what" dir="auto">${[each.groups.join(", "), each.note].filter(Boolean).join(" · ")}</span>
    ${each.suppressed && html`<span class="state bad">STOP</span>`}
    ${each.consent !== "unknown" && html`<span class="state ${each.consent === "given" ? "good" : "bad"}">${t(`consent.${each.consent}`)}</span>`}
    <button type="button" onClick=${open} aria-label=${`${deed()} ${each.name || each.number}`}>${deed()}</button>
  </li>`;
}

// A group as a file for Bulk, where the text is written and everything is seen before it is sent. Who refused is left out.
function ToGroup({ group }) {
  const write = useDeed(async () => {
    const rows = [["phone", "name"]];
    let cursor = "";
    do {
      const answer = await get("/v1/contacts", { group, limit: 1000, cursor });
      rows.push(...answer.contacts.filter((each) => each.consent !== "refused").map((each) => [each.number, each.name]));
      cursor = answer.cursor;
    } while (cursor);
    const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n");
    const file = new Blob([text], { type: "text/csv" });
    return post(`/v1/batches?name=${encodeURIComponent(group)}`, undefined, { file });
  }, (batch) => go("bulk", batch.id));
  return html`<button type="button" class="primary" disabled=${write.busy} onClick=${() => write.run()}>${t("contacts.write")}</button>
    <${Trouble} error=${write.error} />`;
}

function Import({ onDone }) {
  const file = useRef(null);
  const bring = useDeed(async (chosen) => {
    const kind = KINDS[chosen.name.split(".").pop().toLowerCase()] || "text/csv";
    const sent = new Blob([await chosen.arrayBuffer()], { type: kind });
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
            <span class="quiet">${t("contacts.line", { n: each.line })}</span><span class="grow" dir="auto">${each.number}</span><small>${reason(each.problem)}</small></li>`)}</ul>`}`}
      <${Done} onClose=${bring.clear} />
    </${Dialog}>`}`;
}
