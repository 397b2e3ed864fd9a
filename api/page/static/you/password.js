// Another password. All other sessions of the person end.
import { useDeed } from "../core/loading.js";
import { changePassword } from "../core/session.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { FormTrouble, Text } from "../parts/fields.js";
import { say } from "../parts/notice.js";

export function Password({ name }) {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useDeed(async () => {
    await changePassword(old, fresh);
    setOld("");
    setFresh("");
    say(t("you.password.done"));
  });
  const send = (event) => {
    event.preventDefault();
    change.run();
  };
  return html`<form onSubmit=${send}>
    <input type="hidden" autocomplete="username" value=${name} />
    <${Text} label=${t("you.password.old")} type="password" value=${old} onInput=${setOld} autocomplete="current-password" required
      error=${change.error} field="old" />
    <${Text} label=${t("you.password.new")} hint=${t("welcome.password.hint")} type="password" value=${fresh} onInput=${setFresh}
      autocomplete="new-password" minlength="10" required error=${change.error} field="new" />
    <${FormTrouble} error=${change.error} fields=${["old", "new"]} />
    <button type="submit" disabled=${change.busy}>${t("you.password")}</button>
  </form>`;
}
