// Labelled fields of forms, with what is wrong beside the one that it is about.
import { createContext, html, useContext, useEffect, useRef, useState } from "../core/view.js";

let next = 0;
const name = () => `field-${(next += 1)}`;

// What a form does, what was wrong with it, and the fields that say so themselves.
const Around = createContext({ names: new Set() });

// `deed` is what it does when it is sent; `error` where what is shown is not all that went wrong.
export function Form({ deed, error = deed.error, children, ...more }) {
  const { names } = useRef({ names: new Set() }).current;
  const send = (event) => {
    event.preventDefault();
    // the keys that send do not ask the button whether it is off
    if (!deed.busy) deed.run();
  };
  return html`<form ...${more} onSubmit=${send}>
    <${Around.Provider} value=${{ names, error, busy: deed.busy }}>${children}</${Around.Provider}></form>`;
}

export const useForm = () => useContext(Around);

// `field` is its name in the API.
export function Field({ label, hint, field, children }) {
  const [id] = useState(name);
  const { error, names } = useForm();
  useEffect(() => {
    if (field) names.add(field);
    return () => names.delete(field);
  }, [field]);
  const wrong = error && field && error.field === field;
  return html`<div class="field ${wrong ? "wrong" : ""}">
    <label for=${id}>${label}</label>
    ${children({ id, "aria-describedby": hint || wrong ? `${id}-hint` : undefined, "aria-invalid": wrong || undefined })}
    ${(hint || wrong) && html`<small id="${id}-hint">${wrong ? error.message : hint}</small>`}
  </div>`;
}

export function Text({ label, hint, value, onInput, field, ...more }) {
  return html`<${Field} label=${label} hint=${hint} field=${field}>
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
export function FormTrouble() {
  const { error, names } = useForm();
  if (!error || names.has(error.field)) return null;
  return html`<div class="notice bad" role="alert"><span>${error.message}</span></div>`;
}

export function Segments({ label, value, options, onChange }) {
  return html`<div class="segments" role="group" aria-label=${label}>
    ${options.map(([key, text]) => html`<button type="button" key=${key} aria-pressed=${key === value}
      onClick=${() => onChange(key)}>${text}</button>`)}
  </div>`;
}
