import { get, go, html, submit, t, useDeed, useEffect, useState } from "../core.js";
import { Choice, Dialog, Form, FormEnd, Text, say } from "../parts.js";
import { TextBox } from "./text_box.js";

// to a number that said STOP, for one
const SAID = { scheduled: "compose.planned", failed: "compose.failed" };

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
    const made = await submit(message);
    // who discarded it meanwhile is told, too, and stays where they are
    say(t(SAID[made.state] || "compose.sent"));
    return made;
  }, (made) => {
    onClose();
    go(draft.conversation ? "conversations" : "messages", draft.conversation ? made.to : made.id);
  });
  return html`<${Dialog} title=${t("compose.title")} onClose=${onClose}>
    <${Form} deed=${deed}>
      <${Text} label=${t("compose.to")} hint=${t("compose.to.hint")} type="tel" value=${to} onInput=${setTo} required
        autofocus=${!draft.to} autocomplete="off" placeholder=${t("compose.to.example")} field="to" />
      <${TextBox} label=${t("compose.text")} value=${text} onInput=${setText} rows=${4} required
        autofocus=${Boolean(draft.to)} />
      <details>
        <summary>${t("compose.options")}</summary>
        ${lines.length > 1 && html`<${Choice} label=${t("compose.line")} value=${line} onInput=${setLine}
          options=${[["", t("compose.line.any")], ...lines.map((each) => [each.name, named(each)])]} />`}
        <${Text} label=${t("compose.when")} hint=${t("compose.when.hint")} type="datetime-local" value=${when} onInput=${setWhen} field="not_before" />
      </details>
      <${FormEnd} onClose=${onClose} act=${t(when ? "compose.plan" : "compose.send")} off=${!to.trim() || !text} />
    </${Form}>
  </${Dialog}>`;
}

const named = (line) => (line.number ? `${line.name} (${line.number})` : line.name);
