import { beginCodes, confirmCodes, endCodes, html, t, useDeed, useState } from "../core.js";
import { Code, Form, FormTrouble, Text } from "../parts.js";

export function Codes({ user }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useDeed(() => beginCodes(password));
  const confirm = useDeed(() => confirmCodes(code.replace(/\s/g, "")));
  const end = useDeed(async () => {
    await endCodes(password);
    setPassword("");
  });
  const asking = (deed, act) => html`<${Form} deed=${deed}>
    <${Text} label=${t("door.password")} type="password" value=${password} onInput=${setPassword} required
      autocomplete="current-password" field="password" />
    <${FormTrouble} />
    <button type="submit" disabled=${deed.busy}>${act}</button></${Form}>`;
  if (confirm.result) {
    return html`<p>${t("codes.recovery")}</p><${Code} text=${confirm.result.join("\n")} label=${t("codes.recovery")} />`;
  }
  if (user.totp) return html`<p class="quiet">${t("codes.left", { n: user.recovery_codes_left })}</p>${asking(end, t("codes.end"))}`;
  if (!begin.result) return html`<p class="quiet">${t("codes.text")}</p>${asking(begin, t("codes.begin"))}`;
  const { secret, uri } = begin.result;
  return html`<p>${t("codes.secret")}</p>
    <${Code} text=${secret.replace(/(.{4})(?=.)/g, "$1 ")} label=${t("codes.secret")} />
    <p><a href=${uri}>${t("codes.open")}</a></p>
    <${Form} deed=${confirm}>
      <${Text} label=${t("door.code")} hint=${t("codes.confirm.hint")} value=${code} onInput=${setCode} inputmode="numeric"
        autocomplete="one-time-code" required field="code" />
      <${FormTrouble} />
      <button type="submit" disabled=${confirm.busy}>${t("codes.confirm")}</button></${Form}>`;
}
