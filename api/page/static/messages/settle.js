// An unknown message is settled by what a person knows.
import { post } from "../core/api.js";
import { useDeed } from "../core/loading.js";
import { may } from "../core/session.js";
import { html } from "../core/view.js";
import { t } from "../core/words.js";
import { Trouble, say } from "../parts/notice.js";

const WAYS = ["arrived", "again", "leave"];

export function Settle({ message, onDone }) {
  const settle = useDeed(async (way) => {
    await post(`/v1/messages/${message.id}/settle`, { as: way });
    say(t(`settle.${way}.done`));
    onDone();
  });
  if (!may("operator") || message.state !== "unknown") return null;
  return html`<span class="settle" role="group" aria-label=${t("settle")}>
      ${WAYS.map((way) => html`<button type="button" key=${way} disabled=${settle.busy} title=${t(`settle.${way}.means`)}
        onClick=${() => settle.run(way)}>${t(`settle.${way}`)}</button>`)}</span>
    <${Trouble} error=${settle.error} />`;
}
