import { LANGUAGES, choose, chosen, html, language, paint, session, signOut, t, useDeed, useSignal, useState } from "../core.js";
import { Dialog, Icon, Segments, Trouble } from "../parts.js";
import { speak } from "../door/frame.js";
import { AllowNotifications } from "../shell/notify.js";
import { Codes } from "./codes.js";
import { Password } from "./password.js";
import { Sessions } from "./sessions.js";

export function You() {
  const { user } = useSignal(session);
  const [open, setOpen] = useState(false);
  if (!user) return null;
  return html`<button type="button" class="you plain" onClick=${() => setOpen(true)}>
      <span class="face" aria-hidden="true">${user.name.slice(0, 1).toUpperCase()}</span>
      <span class="grow"><b>${user.name}</b><small>${t(`role.${user.role}`)}</small></span>
      <${Icon} name="settings" />
      <span class="hidden">${t("you.open")}</span>
    </button>
    ${open && html`<${Settings} user=${user} onClose=${() => setOpen(false)} />`}`;
}

function Settings({ user, onClose }) {
  const [colours, setColours] = useState(chosen("colours"));
  const out = useDeed(() => signOut());
  const repaint = (value) => {
    choose("colours", value);
    paint(value);
    setColours(value);
  };
  return html`<${Dialog} title=${user.name} onClose=${onClose}>
    <p class="quiet">${t(`role.${user.role}.means`)}</p>
    <h3>${t("you.language")}</h3>
    <${Segments} label=${t("you.language")} value=${language} options=${Object.entries(LANGUAGES)} onChange=${speak} />
    <h3>${t("you.colours")}</h3>
    <${Segments} label=${t("you.colours")} value=${colours} onChange=${repaint}
      options=${["", "light", "dark"].map((each) => [each, t(`you.colours.${each || "system"}`)])} />
    <p class="deeds"><${AllowNotifications} /></p>
    <details><summary>${t("you.password")}</summary><${Password} name=${user.name} /></details>
    <details><summary>${t("codes")} · ${t(user.totp ? "codes.on" : "codes.off")}</summary><${Codes} user=${user} /></details>
    <details><summary>${t("sessions")}</summary><${Sessions} /></details>
    <${Trouble} error=${out.error} />
    <footer role="none">
      <button type="button" disabled=${out.busy} onClick=${out.run}><${Icon} name="out" size=${18} />${t("you.out")}</button>
    </footer>
  </${Dialog}>`;
}
