import { go, html, linkMeans, t, useDeed, useEffect, useRecovery, useState, welcome } from "../core.js";
import { Form, FormTrouble, Text, Waiting } from "../parts.js";
import { Frame } from "./frame.js";

export function Welcome({ link }) {
  const [known, setKnown] = useState(link ? null : { name: "", role: "owner" });
  const look = useDeed(async () => setKnown(await linkMeans(link)));
  useEffect(() => void (link && look.run()), [link]);
  useRecovery(look.error, look.run);
  if (look.error?.status === 404) {
    return html`<${Frame} title=${t("welcome.used")} lead=${t("welcome.used.lead")}>
      <p><a class="button primary wide" href="#/">${t("door.title")}</a></p>
      <p class="help">${t("door.help")} <code>sms-bridge user link</code></p>
    </${Frame}>`;
  }
  if (!known) return html`<${Frame} title=${t("welcome.title")} lead=${look.error?.message}><${Waiting} rows=${3} /></${Frame}>`;
  return html`<${Choose} link=${link} known=${known} />`;
}

function Choose({ link, known }) {
  const [name, setName] = useState(known.name);
  const [password, setPassword] = useState("");
  const deed = useDeed(async () => {
    await welcome({ link, name: known.name ? "" : name.trim(), password });
    // the link is used up; it must not stay in the history
    history.replaceState(null, "", "#/");
    go(known.role === "owner" && !known.name ? "first" : "home");
  });
  const fresh = !known.name;
  return html`<${Frame} title=${fresh ? t("welcome.title") : t("welcome.again", { name: known.name })}
      lead=${fresh ? t(`welcome.lead.${known.role}`) : t("welcome.again.lead")}>
    <${Form} deed=${deed}>
      ${fresh
        ? html`<${Text} label=${t("welcome.name")} hint=${t("welcome.name.hint")} value=${name} onInput=${setName}
            autocomplete="username" autocapitalize="none" spellcheck=${false} autofocus required field="name" />`
        : html`<input type="hidden" autocomplete="username" value=${known.name} />`}
      <${Text} label=${t("welcome.password")} hint=${t("welcome.password.hint")} type="password" value=${password}
        onInput=${setPassword} autocomplete="new-password" minlength="10" required field="password" />
      <${FormTrouble} />
      <button type="submit" class="primary wide" disabled=${deed.busy}>${t("welcome.enter")}</button>
    </${Form}>
  </${Frame}>`;
}

export function NeedsLink() {
  return html`<${Frame} title=${t("welcome.title")} lead=${t("welcome.link.lead")}>
    <pre class="command">sms-bridge user link</pre>
    <p class="help">${t("welcome.link.help")}</p>
  </${Frame}>`;
}
