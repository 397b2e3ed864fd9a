import { html, t } from "../core.js";
import { Code, Samples } from "../parts.js";

export function Secret({ secret }) {
  return html`<p>${t("webhooks.secret.text")}</p>
    <${Code} text=${secret} label=${t("webhooks.secret")} />
    <h3>${t("webhooks.verify")}</h3>
    <p class="quiet">${t("webhooks.verify.text")}</p>
    <${Samples} of="verify" />`;
}
