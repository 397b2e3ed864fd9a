// Labelled fields of forms, with what is wrong beside the one that it is about.
import { html, useState } from "../core/view.js";

let next = 0;
const name = () => `field-${(next += 1)}`;

export function Field({ label, hint, error, field, children }) {
  const [id] = useState(name);
  const wrong = error && field && error.field === field;
  return html`<div class="field ${wrong ? "wrong" : ""}">
    <label for=${id}>${label}</label>
    ${children({ id, "aria-describedby": hint || wrong ? `${id}-hint` : undefined, "aria-invalid": wrong || undefined })}
    ${(hint || wrong) && html`<small id="${id}-hint">${wrong ? error.message : hint}</small>`}
  </div>`;
}

export function Text({ label, hint, value, onInput, error, field, ...more }) {
  return html`<${Field} label=${label} hint=${hint} error=${error} field=${field}>
    ${(how) => html`<input type="text" ...${how} ...${more} value=${value}
      onInput=${(event) => onInput(event.target.value)} />`}
  </${Field}>`;
}

export function Choice({ label, hint, value, onInput, options, ...more }) {
  return html`<${Field} label=${label} hint=${hint}>
    ${(how) => html`<select ...${how} ...${more} value=${value} onChange=${(event) => onInput(event.target.value)}>
      ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
    </select>`}
  </${Field}>`;
}

export function Check({ label, checked, onInput, ...more }) {
  return html`<label class="check">
    <input type="checkbox" checked=${checked} onChange=${(event) => onInput(event.target.checked)} ...${more} />
    <span>${label}</span>
  </label>`;
}

// A form's own error: only where no field shows it.
export function FormTrouble({ error, fields = [] }) {
  if (!error || (error.field && fields.includes(error.field))) return null;
  return html`<div class="notice bad" role="alert"><span>${error.message}</span></div>`;
}

// One of a few, shown side by side.
export function Segments({ label, value, options, onChange }) {
  return html`<div class="segments" role="group" aria-label=${label}>
    ${options.map(([key, text]) => html`<button type="button" key=${key} aria-pressed=${key === value}
      onClick=${() => onChange(key)}>${text}</button>`)}
  </div>`;
}
