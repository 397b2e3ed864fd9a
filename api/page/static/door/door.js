import { html, session, useRoute, useSignal } from "../core.js";
import { Shell } from "../shell/shell.js";
import { SignIn } from "./sign_in.js";
import { NeedsLink, Welcome } from "./welcome.js";

export function Door() {
  const { user, setup, ended } = useSignal(session);
  const route = useRoute();
  if (route.name === "welcome") return html`<${Welcome} link=${route.parts[0] || ""} />`;
  if (user) return html`<${Shell} key=${user.name} />`;
  if (setup === "here") return html`<${Welcome} link="" />`;
  if (setup === "link") return html`<${NeedsLink} />`;
  return html`<${SignIn} ended=${ended} />`;
}
