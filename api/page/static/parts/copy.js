import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "./icons.js";

// Copies what stands before it: without HTTPS browsers keep the clipboard to themselves, but copy what is selected.
function CopyButton() {
  const [done, setDone] = useState(false);
  const run = ({ currentTarget }) => {
    getSelection().selectAllChildren(currentTarget.previousElementSibling);
    setDone(document.execCommand("copy"));
    setTimeout(() => setDone(false), 2000);
  };
  return html`<button type="button" class="copy" onClick=${run}>
    <${Icon} name=${done ? "check" : "copy"} size=${16} />${done ? t("act.copied") : t("act.copy")}
  </button>`;
}

export function Code({ text, label }) {
  return html`<div class="code">
    <pre tabindex="0" aria-label=${label}>${text}</pre>
    <${CopyButton} />
  </div>`;
}
