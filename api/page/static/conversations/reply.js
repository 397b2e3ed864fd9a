// The box to answer in. A number that said STOP gets nothing, and the box says so before somebody types. Who wrote by
// WhatsApp is answered by the same line.
import { post } from "../core/api.js";
import { useDeed } from "../core/loading.js";
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "../parts/icons.js";
import { FormTrouble } from "../parts/fields.js";
import { TextBox } from "../sms/text_box.js";

// What can be answered; the others are names that networks and firms send under.
export const NUMBER = /^\+?\d{2,}$/;

export function Reply({ number, suppressed, whatsapp, onSent }) {
  const [text, setText] = useState("");
  const deed = useDeed(async () => {
    const message = await post("/v1/messages", { to: number, text, ...(whatsapp && { line: whatsapp }) });
    setText("");
    onSent(message);
  });
  if (suppressed) return html`<p class="reply stopped" role="note">${t("conversations.stopped")}</p>`;
  if (!NUMBER.test(number)) return html`<p class="reply stopped" role="note">${t("conversations.no_reply")}</p>`;
  const label = t(whatsapp ? "conversations.reply.whatsapp" : "conversations.reply");
  const send = (event) => {
    event?.preventDefault();
    if (text.trim() && !deed.busy) deed.run();
  };
  return html`<form class="reply" onSubmit=${send}>
    <${FormTrouble} error=${deed.error} />
    <${TextBox} label=${label} placeholder=${label} value=${text} onInput=${setText}
      onSend=${send} rows=${2} />
    <button type="submit" class="primary" disabled=${deed.busy || !text.trim()} title=${t("conversations.send.keys")}>
      <${Icon} name="send" size=${18} />${t("compose.send")}</button>
  </form>`;
}
