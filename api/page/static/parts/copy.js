import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "./icons.js";

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // without HTTPS browsers keep the clipboard to themselves; the text can be selected
  }
}

export function CopyButton({ text }) {
  const [done, setDone] = useState(false);
  const run = async () => {
    setDone(await copy(text));
    setTimeout(() => setDone(false), 2000);
  };
  return html`<button type="button" class="copy" onClick=${run}>
    <${Icon} name=${done ? "check" : "copy"} size=${16} />${done ? t("act.copied") : t("act.copy")}
  </button>`;
}

export function Code({ text, label }) {
  return html`<div class="code">
    <pre tabindex="0" aria-label=${label}>${text}</pre>
    <${CopyButton} text=${text} />
  </div>`;
}
