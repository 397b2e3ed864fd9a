// One-time codes from an authenticator app, beside the password.
import { useDeed } from "../core/loading.js";
import { beginCodes, confirmCodes, endCodes } from "../core/session.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Code } from "../parts/copy.js";
import { FormTrouble, Text } from "../parts/fields.js";

export function Codes({ user }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useDeed(() => beginCodes(password));
  const confirm = useDeed(() => confirmCodes(code.replace(/\s/g, "")));
  const end = useDeed(async () => {
    await endCodes(password);
    setPassword("");
  });
  const run = (deed) => (event) => {
    event.preventDefault();
    deed.run();
  };
  const asking = (deed, act) => html`<form onSubmit=${run(deed)}>
    <${Text} label=${t("door.password")} type="password" value=${password} onInput=${setPassword} required
      autocomplete="current-password" error=${deed.error} field="password" />
    <${FormTrouble} error=${deed.error} fields=${["password"]} />
    <button type="submit" disabled=${deed.busy}>${act}</button></form>`;
  if (confirm.result) {
    return html`<p>${t("codes.recovery")}</p><${Code} text=${confirm.result.join("\n")} label=${t("codes.recovery")} />`;
  }
  if (user.totp) return html`<p class="quiet">${t("codes.left", { n: user.recovery_codes_left })}</p>${asking(end, t("codes.end"))}`;
  if (!begin.result) return html`<p class="quiet">${t("codes.text")}</p>${asking(begin, t("codes.begin"))}`;
  const { secret, uri } = begin.result;
  return html`<p>${t("codes.secret")}</p>
    <${Code} text=${secret.replace(/(.{4})(?=.)/g, "$1 ")} label=${t("codes.secret")} />
    <p><a href=${uri}>${t("codes.open")}</a></p>
    <form onSubmit=${run(confirm)}>
      <${Text} label=${t("door.code")} hint=${t("codes.confirm.hint")} value=${code} onInput=${setCode} inputmode="numeric"
        autocomplete="one-time-code" required error=${confirm.error} field="code" />
      <${FormTrouble} error=${confirm.error} fields=${["code"]} />
      <button type="submit" disabled=${confirm.busy}>${t("codes.confirm")}</button></form>`;
}
