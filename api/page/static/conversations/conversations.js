import { Moment, html, may, t, to, useAgain, useEffect, usePages, useTyped } from "../core.js";
import { Empty, Icon, Tick, Trouble, Waiting } from "../parts.js";
import { compose } from "../shell/composing.js";
import { Unread } from "../shell/unread.js";
import { Thread } from "./thread.js";

const SHOWN = 50;

export function Conversations({ route }) {
  const [number] = route.parts;
  const [typed, setTyped, keyword] = useTyped();
  const { rows: list, error, reload, more } = useConversations(keyword);
  return html`<h1 class="hidden">${t("place.conversations")}</h1><div class="talks ${number ? "open" : ""}">
    <section class="people" aria-label=${t("place.conversations")}>
      <header class="top">
        <p class="title" aria-hidden="true">${t("place.conversations")}</p>
        ${may("operator") && html`<button type="button" class="primary square" aria-label=${t("compose.title")}
          title=${t("compose.title")} onClick=${() => compose({ conversation: true })}>
          <${Icon} name="plus" /></button>`}
      </header>
      <label class="search"><${Icon} name="search" size=${18} /><span class="hidden">${t("conversations.search")}</span>
        <input type="search" value=${typed} placeholder=${t("conversations.search")}
          onInput=${(event) => setTyped(event.target.value)} /></label>
      <${Trouble} error=${error} retry=${reload} />
      ${!list && !error && html`<${Waiting} rows=${7} />`}
      ${list && html`<ul>${list.map((each) => html`<${Person} key=${each.number} each=${each} chosen=${each.number === number} />`)}
        ${more && html`<li class="after"><button type="button" onClick=${more}>${t("act.more")}</button></li>`}</ul>`}
      ${list && !list.length && html`<p class="quiet none">${t(keyword ? "conversations.not_found" : "conversations.none")}</p>`}
    </section>
    ${number
      ? html`<${Thread} key=${number} number=${number} onRead=${reload} />`
      : html`<section class="thread nobody"><${Empty} icon="chats" title=${t("conversations.choose")}>
          ${t("conversations.choose.text")}</${Empty}></section>`}
  </div>`;
}

// With as many as are shown, when something was said and when the window is looked at again.
function useConversations(keyword) {
  const pages = usePages("/v1/conversations", { limit: SHOWN, keyword }, (answer) => answer.conversations);
  useAgain(pages.reload, ({ name }) => /^(message|recipient)\./.test(name));
  useEffect(() => {
    addEventListener("focus", pages.reload);
    return () => removeEventListener("focus", pages.reload);
  }, [pages.reload]);
  return pages;
}

function Person({ each, chosen }) {
  const { last } = each;
  return html`<li><a href=${to("conversations", each.number)} aria-current=${chosen ? "true" : undefined}
      class=${each.unread ? "fresh" : ""}>
    <span class="face" aria-hidden="true">${initial(each)}</span>
    <span class="who" dir="auto">${each.name || each.number || t("sender.none")}</span>
    <${Moment} at=${each.at} />
    <span class="what" dir="auto">${last.direction === "out" && html`<span class="quiet">${t("way.you")} </span>`}${last.text}</span>
    ${each.suppressed && html`<span class="state bad">STOP</span>`}
    ${each.unread ? html`<${Unread} count=${each.unread} />` : last.state && ["failed", "unknown", "expired"].includes(last.state)
      && html`<${Tick} state=${last.state} />`}
  </a></li>`;
}

function initial({ name, number }) {
  if (name) return [...name][0].toUpperCase();
  return /^\+?\d+$/.test(number) ? number.slice(-2) : [...number][0] || "?";
}
