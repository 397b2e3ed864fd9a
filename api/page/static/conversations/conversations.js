// Conversations: who on the left, what was said on the right.
import { get } from "../core/api.js";
import { useEvents } from "../core/live.js";
import { Moment } from "../core/moments.js";
import { to } from "../core/route.js";
import { may } from "../core/session.js";
import { html, useCallback, useEffect, useRef, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "../parts/icons.js";
import { Empty, Trouble, Waiting } from "../parts/notice.js";
import { Tick } from "../parts/state.js";
import { Unread } from "../shell/unread.js";
import { compose } from "../shell/composing.js";
import { Thread } from "./thread.js";

const SHOWN = 50;

export function Conversations({ route }) {
  const [number] = route.parts;
  const [keyword, setKeyword] = useState("");
  const { list, cursor, error, reload, more } = useConversations(keyword);
  return html`<h1 class="hidden">${t("place.conversations")}</h1><div class="talks ${number ? "open" : ""}">
    <section class="people" aria-label=${t("place.conversations")}>
      <header class="top">
        <p class="title" aria-hidden="true">${t("place.conversations")}</p>
        ${may("operator") && html`<button type="button" class="primary square" aria-label=${t("compose.title")}
          title=${t("compose.title")} onClick=${() => compose({ onSent: (made) => void (location.hash = to("conversations", made.to)) })}>
          <${Icon} name="plus" /></button>`}
      </header>
      <label class="search"><${Icon} name="search" size=${18} /><span class="hidden">${t("conversations.search")}</span>
        <input type="search" value=${keyword} placeholder=${t("conversations.search")}
          onInput=${(event) => setKeyword(event.target.value)} /></label>
      <${Trouble} error=${error} retry=${reload} />
      ${!list && !error && html`<${Waiting} rows=${7} />`}
      ${list && html`<ul>${list.map((each) => html`<${Person} key=${each.number} each=${each} chosen=${each.number === number} />`)}
        ${cursor && html`<li class="after"><button type="button" onClick=${more}>${t("act.more")}</button></li>`}</ul>`}
      ${list && !list.length && html`<p class="quiet none">${t(keyword ? "conversations.not_found" : "conversations.none")}</p>`}
    </section>
    ${number
      ? html`<${Thread} key=${number} number=${number} onRead=${reload} />`
      : html`<section class="thread nobody"><${Empty} icon="chats" title=${t("conversations.choose")}>
          ${t("conversations.choose.text")}</${Empty}></section>`}
  </div>`;
}

function useConversations(keyword) {
  const [state, setState] = useState({ list: null, cursor: null, error: null });
  const asked = useRef(0);
  const load = useCallback(async (cursor) => {
    const mine = (asked.current += 1);
    try {
      const answer = await get("/v1/conversations", { limit: SHOWN, keyword: keyword.trim(), cursor });
      if (asked.current !== mine) return;
      setState((before) => ({
        list: cursor ? [...before.list, ...answer.conversations] : answer.conversations, cursor: answer.cursor, error: null,
      }));
    } catch (error) {
      if (asked.current === mine) setState((before) => ({ ...before, error }));
    }
  }, [keyword]);
  const reload = useCallback(() => load(), [load]);
  const soon = useRef(0);
  useEffect(() => {
    const timer = setTimeout(reload, keyword ? 250 : 0);
    addEventListener("focus", reload);
    return () => {
      clearTimeout(timer);
      removeEventListener("focus", reload);
    };
  }, [load]);
  useEvents((event) => {
    if (event && !event.name.startsWith("message.") && !event.name.startsWith("recipient.")) return;
    clearTimeout(soon.current);
    soon.current = setTimeout(reload, 250);
  }, [load]);
  return { ...state, reload, more: () => load(state.cursor) };
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

// What stands in the circle: a letter of the name, or the last digits of the number.
function initial({ name, number }) {
  if (name) return [...name][0].toUpperCase();
  return /^\+?\d+$/.test(number) ? number.slice(-2) : [...number][0] || "?";
}
