// A new message in a dialog: to whom, what, and when.
import { get, post } from "../core/api.js";
import { useDeed } from "../core/loading.js";
import { go } from "../core/route.js";
import { html, useEffect, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Dialog } from "../parts/dialog.js";
import { Choice, FormTrouble, Text } from "../parts/fields.js";
import { say } from "../parts/notice.js";
import { TextBox } from "./text_box.js";

export function Compose({ draft, onClose }) {
  const [to, setTo] = useState(draft.to || "");
  const [text, setText] = useState(draft.text || "");
  const [line, setLine] = useState("");
  const [when, setWhen] = useState("");
  const [lines, setLines] = useState([]);
  useEffect(() => void get("/v1/lines").then((answer) => setLines(answer.lines), () => {}), []);
  const deed = useDeed(async () => {
    const message = { to: to.trim(), text, ...(line ? { line } : {}) };
    if (when) message.not_before = new Date(when).toISOString();
    const made = await post("/v1/messages", message);
    onClose();
    if (draft.onSent) return draft.onSent(made);
    say(t(when ? "compose.planned" : "compose.sent"));
    return go("messages", made.id);
  });
  const send = (event) => {
    event?.preventDefault();
    if (to.trim() && text) deed.run();
  };
  const error = deed.error;
  return html`<${Dialog} title=${t("compose.title")} onClose=${onClose}>
    <form onSubmit=${send}>
      <${Text} label=${t("compose.to")} hint=${t("compose.to.hint")} type="tel" value=${to} onInput=${setTo} required
        autofocus=${!draft.to} autocomplete="off" placeholder="+1 555 0150" error=${error} field="to" />
      <${TextBox} label=${t("compose.text")} value=${text} onInput=${setText} onSend=${send} rows=${4} required
        autofocus=${Boolean(draft.to)} />
      <details>
        <summary>${t("compose.options")}</summary>
        ${lines.length > 1 && html`<${Choice} label=${t("compose.line")} value=${line} onInput=${setLine}
          options=${[["", t("compose.line.any")], ...lines.map((each) => [each.name, named(each)])]} />`}
        <${Text} label=${t("compose.when")} hint=${t("compose.when.hint")} type="datetime-local" value=${when} onInput=${setWhen}
          error=${error} field="not_before" />
      </details>
      <${FormTrouble} error=${error} fields=${["to", "not_before"]} />
      <footer>
        <button type="button" onClick=${onClose}>${t("act.discard")}</button>
        <button type="submit" class="primary" disabled=${deed.busy || !to.trim() || !text}>
          ${when ? t("compose.plan") : t("compose.send")}</button>
      </footer>
    </form>
  </${Dialog}>`;
}

const named = (line) => (line.number ? `${line.name} (${line.number})` : line.name);
