import { changePassword, html, t, useDeed, useState } from "../core.js";
import { Form, FormTrouble, Text } from "../parts.js";

export function Password({ name }) {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useDeed(async () => {
    await changePassword(old, fresh);
    setOld("");
    setFresh("");
    return true;
  });
  return html`<${Form} deed=${change}>
    <input type="hidden" autocomplete="username" value=${name} />
    <${Text} label=${t("you.password.old")} type="password" value=${old} onInput=${setOld} autocomplete="current-password" required field="old" />
    <${Text} label=${t("you.password.new")} hint=${t("welcome.password.hint")} type="password" value=${fresh} onInput=${setFresh}
      autocomplete="new-password" minlength="10" required field="new" />
    <${FormTrouble} />
    ${change.result && html`<p class="notice good" role="status">${t("you.password.done")}</p>`}
    <button type="submit" disabled=${change.busy}>${t("you.password")}</button>
  </${Form}>`;
}
