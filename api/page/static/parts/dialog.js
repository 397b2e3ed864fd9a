// A dialog: the browser's own, which keeps the keyboard inside and gives the focus back. Going back closes it.
import { stepInto } from "../core/route.js";
import { html, useLayoutEffect, useRef } from "../core/view.js";
import { t } from "../core/words.js";
import { FormTrouble, useForm } from "./fields.js";
import { Icon } from "./icons.js";

export function Dialog({ title, onClose, children, wide = false }) {
  const place = useRef(null);
  const latest = useRef(onClose);
  latest.current = onClose;
  useLayoutEffect(() => {
    const dialog = place.current;
    const before = document.activeElement;
    const close = () => latest.current();
    dialog.showModal();
    // a phone's gesture may close it without asking
    dialog.addEventListener("close", close);
    const end = stepInto(close);
    return () => {
      dialog.removeEventListener("close", close);
      end();
      dialog.close();
      before?.focus?.();
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${place} class=${wide ? "wide" : ""} aria-labelledby="dialog-title" onCancel=${cancel}>
    <div class="dialog">
      <header role="none">
        <h2 id="dialog-title">${title}</h2>
        <button type="button" class="plain square" onClick=${onClose} aria-label=${t("act.close")}>
          <${Icon} name="close" />
        </button>
      </header>
      ${children}
    </div>
  </dialog>`;
}

// The end of a form in a dialog: what is wrong with it; leave it, or do what it is for.
export function FormEnd({ onClose, act, off, children }) {
  const { busy } = useForm();
  return html`<${FormTrouble} /><footer role="none">${children}
    <button type="button" onClick=${onClose}>${t("act.discard")}</button>
    <button type="submit" class="primary" disabled=${off || busy}>${act}</button></footer>`;
}

export function Done({ onClose }) {
  return html`<footer role="none"><button type="button" class="primary" onClick=${onClose}>${t("act.done")}</button></footer>`;
}

// "Are you sure", with what will happen and a button that says what it does.
export function Confirm({ title, what, text, act, deed, onClose, danger = true, children }) {
  const sure = async () => {
    await deed.run();
    onClose();
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    ${what && html`<p><b dir="auto">${what}</b></p>`}
    <p>${text}</p>
    ${children}
    <footer role="none">
      <button type="button" onClick=${onClose}>${t("act.keep")}</button>
      <button type="button" class=${danger ? "danger" : "primary"} disabled=${deed.busy} onClick=${sure}>${act}</button>
    </footer>
  </${Dialog}>`;
}
