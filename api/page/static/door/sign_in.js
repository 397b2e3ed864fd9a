import { html, signIn, t, useDeed, useState } from "../core.js";
import { Form, FormTrouble, Text } from "../parts.js";
import { Frame } from "./frame.js";

export function SignIn({ ended }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const deed = useDeed(() => signIn(name, password, code));
  const [codeAsked, setCodeAsked] = useState(false);
  if (deed.error?.field === "code" && !codeAsked) setCodeAsked(true);
  // that a code is wanted is no error the first time
  const error = deed.error?.field === "code" && !code ? null : deed.error;
  return html`<${Frame} title=${t("door.title")} lead=${ended ? t("door.ended") : ""}>
    <${Form} deed=${deed} error=${error}>
      <${Text} label=${t("door.name")} value=${name} onInput=${setName} autocomplete="username" autofocus required
        autocapitalize="none" spellcheck=${false} />
      <${Text} label=${t("door.password")} type="password" value=${password} onInput=${setPassword}
        autocomplete="current-password" required />
      ${codeAsked && html`<${Text} label=${t("door.code")} hint=${t("door.code.hint")} value=${code} onInput=${setCode}
        inputmode="text" autocomplete="one-time-code" field="code" required />`}
      <${FormTrouble} />
      <button type="submit" class="primary wide" disabled=${deed.busy}>${t("door.enter")}</button>
    </${Form}>
    <p class="help">${t("door.help")} <code>sms-bridge user link</code></p>
  </${Frame}>`;
}
