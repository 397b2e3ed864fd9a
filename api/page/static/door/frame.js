import { LANGUAGES, choose, html, language, t } from "../core.js";

export async function speak(name) {
  choose("language", name);
  location.reload();
}

export function Frame({ title, lead, children }) {
  return html`<main class="door">
    <div class="card">
      <p class="brand"><${Brand} /></p>
      <h1>${title}</h1>
      ${lead && html`<p class="lead">${lead}</p>`}
      ${children}
    </div>
    <nav class="languages" aria-label=${t("you.language")}>
      ${Object.entries(LANGUAGES).map(([name, word]) => html`<button type="button" class="link" key=${name} lang=${name}
        aria-pressed=${name === language} onClick=${() => speak(name)}>${word}</button>`)}
    </nav>
  </main>`;
}

export function Brand() {
  return html`<svg class="logo" width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" /><path d="M6 21c0-8 4-12 10-12s10 4 10 12M4 21h24M11 21v-8M16 21V9M21 21v-8" />
    </svg><span>sms-bridge</span>`;
}
