import { html, may, post, t, useDeed } from "../core.js";
import { Trouble, say } from "../parts.js";

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
