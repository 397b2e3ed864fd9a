// The box to answer in. A number that said STOP gets nothing, and the box says so before somebody types. People are
// answered by the line that they wrote to, while it is there: from another number an answer is a stranger's.
import { get, html, session, submit, t, useDeed, useLayoutEffect, useState } from "../core.js";
import { Form, FormTrouble, Icon } from "../parts.js";
import { TextBox } from "../sms/text_box.js";

// What can be answered; the others are names that networks and firms send under.
export const NUMBER = /^\+?\d{2,}$/;

export function Reply({ number, suppressed, last, onSent }) {
  const whatsapp = last?.channel === "whatsapp" && last.line;
  // of each number, so that who looks something up elsewhere finds it again
  const drafts = (session.value.drafts ||= {});
  const [text, setText] = useState(drafts[number] || "");
  useLayoutEffect(() => void (drafts[number] = text), [text]);
  const deed = useDeed(async () => {
    drafts[number] = ""; // it is on its way: who comes back meanwhile does not send it again
    try {
      const line = whatsapp || (last && (await isReady(last.line)) && last.line);
      onSent(await submit({ to: number, text, ...(line && { line }) }));
    } catch (problem) {
      drafts[number] ||= text;
      throw problem;
    }
    setText(drafts[number]); // what was typed meanwhile stays
  });
  if (suppressed) return html`<p class="reply stopped" role="note">${t("conversations.stopped")}</p>`;
  if (!NUMBER.test(number)) return html`<p class="reply stopped" role="note">${t("conversations.no_reply")}</p>`;
  const label = t(whatsapp ? "conversations.reply.whatsapp" : "conversations.reply");
  const send = () => text.trim() && deed.run();
  return html`<${Form} class="reply" deed=${{ ...deed, run: send }}>
    <${FormTrouble} />
    <${TextBox} label=${label} placeholder=${label} value=${text} onInput=${setText} rows=${2} />
    <button type="submit" class="primary" disabled=${deed.busy || !text.trim()} title=${t("conversations.send.keys")}>
      <${Icon} name="send" size=${18} />${t("compose.send")}</button>
  </${Form}>`;
}

async function isReady(name) {
  const { lines } = await get("/v1/lines");
  return lines.some((line) => line.name === name && line.state === "ready");
}
