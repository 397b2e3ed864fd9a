import { Moment, Problem, absent, brief, get, html, may, put, remove, t, useDeed, useState } from "../core.js";
import { Choice, Dialog, Facts, Form, FormEnd, Text, say } from "../parts.js";

const CONSENTS = ["unknown", "given", "refused"];
const groupsOf = (text) => [...new Set(text.split(",").map((each) => each.trim()).filter(Boolean))];

// `number` of "" is a contact that is still to get one.
export function Contact({ number, contact, onClose }) {
  const [to, setTo] = useState(number);
  const [name, setName] = useState(contact?.name || "");
  const [note, setNote] = useState(contact?.note || "");
  const [groups, setGroups] = useState((contact?.groups || []).join(", "));
  const [consent, setConsent] = useState(contact?.consent || "unknown");
  const [consentNote, setConsentNote] = useState(contact?.consent_note || "");
  const path = `/v1/contacts/${encodeURIComponent(to.trim())}`;
  const keep = useDeed(async () => {
    const now = await get(path).catch(absent);
    if (now && !contact) throw new Problem(409, { detail: t("contact.known", { name: now.name }), field: "number" });
    const ours = Object.entries({ name: name.trim(), note, groups: groupsOf(groups), consent, consent_note: consentNote });
    // what somebody else changed meanwhile, and this one did not, stays
    await put(path, Object.fromEntries(ours.map(([key, value]) => [key, now && `${value}` === `${contact[key]}` ? now[key] : value])));
    onClose();
  });
  const forget = useDeed(async () => {
    await remove(path);
    say(t("contact.forgotten"));
    onClose();
  });
  if (!may("operator")) return html`<${Dialog} title=${contact.name} onClose=${onClose}><${Facts} of=${[
    [t("stop.number"), number], [t("contact.groups"), groups], [t("contact.note"), note], [t("contact.consent"), t(`consent.${consent}`)],
    [t("contact.consent.note"), consentNote], [t("contact.consent.at"), contact.consent_at && html`<${Moment} at=${contact.consent_at} as=${brief} />`],
  ]} /></${Dialog}>`;
  return html`<${Dialog} title=${contact ? t("contact") : t("contact.add")} onClose=${onClose}><${Form} deed=${keep} error=${keep.error || forget.error}>
    ${number
      ? html`<p class="quiet">${number}${contact?.suppressed && html` <span class="state bad">STOP</span>`}</p>`
      : html`<${Text} label=${t("stop.number")} hint=${t("compose.to.hint")} type="tel" value=${to} onInput=${setTo} required autofocus field="number" />`}
    <${Text} label=${t("contact.name.label")} value=${name} onInput=${setName} maxlength="200" required autofocus=${Boolean(number)} field="name" />
    <${Text} label=${t("contact.groups")} hint=${t("contact.groups.hint")} value=${groups} onInput=${setGroups} field="groups" />
    <${Text} label=${t("contact.note")} value=${note} onInput=${setNote} maxlength="2000" field="note" />
    <${Choice} label=${t("contact.consent")} value=${consent} onInput=${setConsent}
      options=${CONSENTS.map((each) => [each, t(`consent.${each}`)])} />
    ${consent !== "unknown" && html`<${Text} label=${t("contact.consent.note")} hint=${t("contact.consent.hint")} value=${consentNote}
      onInput=${setConsentNote} field="consent_note" />`}
    ${contact?.consent_at && html`<p class="quiet">${t("contact.consent.at")} <${Moment} at=${contact.consent_at} as=${brief} /></p>`}
    <${FormEnd} onClose=${onClose} act=${t("act.save")}>
      ${contact && html`<button type="button" disabled=${forget.busy} onClick=${forget.run}>${t("contact.forget")}</button><span class="grow"></span>`}</${FormEnd}>
  </${Form}></${Dialog}>`;
}
