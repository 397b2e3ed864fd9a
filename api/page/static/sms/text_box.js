import { html, t, useState } from "../core.js";
import { measure, named } from "./alphabet.js";

function Measure({ text, onInput }) {
  const found = measure(text);
  const shown = found.dear.slice(0, 3).map(named).join("  ");
  return html`<div class="measure">
    <p role="status">${!text ? "\u00a0" : html`<b>${t("measure.parts", { n: found.parts })}</b>
      <span> · ${t("measure.characters", { n: found.characters })} · ${found.encoding} · ${t("measure.left", { n: found.left })}</span><span class="keys" aria-hidden="true"> · ${t("conversations.send.keys")}</span>`}</p>
    ${found.dear.length > 0 && (found.few || found.plain) && html`<p class="why">
      ${t("measure.dear", { characters: shown + (found.dear.length > 3 ? " …" : "") })}
      ${found.plain && html` <button type="button" class="link" onClick=${() => onInput(found.plain)}>
        ${t(measure(found.plain).encoding === "GSM-7" ? "measure.plain" : "measure.plainer")}
      </button>`}
    </p>`}
  </div>`;
}

export function TextBox({ label, value, onInput, placeholder, rows = 3, ...more }) {
  const [id] = useState(() => `text-${Math.random().toString(36).slice(2)}`);
  // Enter writes a line, as an SMS may have several; Ctrl or Cmd with it sends the form
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  };
  return html`<div class="field text-box">
    <label for=${id}>${label}</label>
    <textarea id=${id} rows=${rows} placeholder=${placeholder} value=${value} dir="auto" ...${more}
      onInput=${(event) => onInput(event.target.value)} onKeyDown=${keys}></textarea>
    <${Measure} text=${value} onInput=${onInput} />
  </div>`;
}
