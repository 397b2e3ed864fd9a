// One contact: who a number is, what one should know, and whether it may be written to.
import { put, remove } from "../core/api.js";
import { useDeed } from "../core/loading.js";
import { Moment, brief } from "../core/moments.js";
import { may } from "../core/session.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Dialog } from "../parts/dialog.js";
import { Choice, FormTrouble, Text } from "../parts/fields.js";
import { say } from "../parts/notice.js";

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
    await put(path, { name: name.trim(), note, groups: groupsOf(groups), consent, consent_note: consentNote });
    onClose();
  });
  const forget = useDeed(async () => {
    await remove(path);
    say(t("contact.forgotten"));
    onClose();
  });
  const can = may("operator");
  const send = (event) => {
    event.preventDefault();
    keep.run();
  };
  const error = keep.error || forget.error;
  return html`<${Dialog} title=${contact ? t("contact") : t("contact.add")} onClose=${onClose}><form onSubmit=${send}>
    ${number
      ? html`<p class="quiet">${number}${contact?.suppressed && html` <span class="state bad">STOP</span>`}</p>`
      : html`<${Text} label=${t("stop.number")} hint=${t("compose.to.hint")} type="tel" value=${to} onInput=${setTo} required autofocus
          error=${error} field="number" />`}
    <${Text} label=${t("contact.name.label")} value=${name} onInput=${setName} maxlength="200" disabled=${!can} required autofocus=${Boolean(number)}
      error=${error} field="name" />
    <${Text} label=${t("contact.groups")} hint=${t("contact.groups.hint")} value=${groups} onInput=${setGroups} disabled=${!can} error=${error} field="groups" />
    <${Text} label=${t("contact.note")} value=${note} onInput=${setNote} disabled=${!can} maxlength="2000" error=${error} field="note" />
    <${Choice} label=${t("contact.consent")} value=${consent} onInput=${setConsent} disabled=${!can}
      options=${CONSENTS.map((each) => [each, t(`consent.${each}`)])} />
    ${consent !== "unknown" && html`<${Text} label=${t("contact.consent.note")} hint=${t("contact.consent.hint")} value=${consentNote}
      onInput=${setConsentNote} disabled=${!can} error=${error} field="consent_note" />`}
    ${contact?.consent_at && html`<p class="quiet">${t("contact.consent.at")} <${Moment} at=${contact.consent_at} as=${brief} /></p>`}
    <${FormTrouble} error=${error} fields=${["number", "name", "groups", "note", "consent_note"]} />
    ${can && html`<footer>
      ${contact && html`<button type="button" disabled=${forget.busy} onClick=${forget.run}>${t("contact.forget")}</button><span class="grow"></span>`}
      <button type="button" onClick=${onClose}>${t("act.discard")}</button>
      <button type="submit" class="primary" disabled=${keep.busy}>${t("act.save")}</button></footer>`}
  </form></${Dialog}>`;
}
