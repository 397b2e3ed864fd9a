import {
  clock, dayOf, get, html, may, post, reason, t, to, useAgain, useCallback, useDeed, useEffect, useEvents,
  useLayoutEffect, useRecovery, useRef, useState, useTurns, whole,
} from "../core.js";
import { Icon, Tick, Trouble, Waiting } from "../parts.js";
import { Contact } from "../contacts/contact.js";
import { countUnread } from "../shell/unread.js";
import { NUMBER, Reply } from "./reply.js";

// rows that are kept on the page: a window left open for a day must not grow
const MOST = 500;
const EACH = 100;

export function Thread({ number, onRead }) {
  const [thread, setThread] = useState(null);
  const [error, setError] = useState(null);
  const [editing, setEditing] = useState(false);
  const path = `/v1/conversations/${encodeURIComponent(number)}`;
  const turn = useTurns();
  // what happens while an answer is on its way may not be in it
  const meanwhile = useRef([]);
  const load = useCallback(async () => {
    const isNewest = turn();
    meanwhile.current = [];
    try {
      const answer = await get(path, { limit: EACH });
      if (!isNewest()) return;
      setThread({ ...answer, entries: meanwhile.current.reduce(changed, answer.entries) });
      setError(null);
    } catch (problem) {
      if (isNewest()) setError(problem);
    }
  }, [number]);
  const read = useCallback(async () => {
    if (!may("operator") || document.visibilityState !== "visible") return;
    await post(`${path}/read`).catch(() => {});
    countUnread();
    onRead();
  }, [number, onRead]);
  const earlier = useDeed(async (cursor) => {
    const answer = await get(path, { limit: EACH, cursor });
    // asked for twice, or loaded again meanwhile: these follow nothing that is shown
    setThread((before) => (before.cursor !== cursor ? before
      : { ...before, entries: [...before.entries, ...answer.entries], cursor: answer.cursor }));
  });
  useRecovery(error, load);
  useEffect(() => void load().then(read), [number]);
  useEvents((event) => {
    if (!event || event.name.startsWith("recipient.")) return void load();
    if (!event.name.startsWith("message.") || ![event.data.to, event.data.from].includes(number)) return undefined;
    meanwhile.current = [...meanwhile.current, event].slice(-MOST);
    setThread((before) => before && { ...before, entries: changed(before.entries, event).slice(0, MOST) });
    return undefined;
  }, [number]);
  useAgain(read, ({ name, data }) => name === "message.received" && data.from === number);
  const name = thread?.contact?.name;
  const can = may("operator");
  return html`<section class="thread" aria-label=${name || number}>
    <header>
      <a class="button plain square narrow" href=${to("conversations")} aria-label=${t("act.back")}><${Icon} name="back" /></a>
      <h2><span class="brief" dir="auto" title=${name}>${name || number || t("sender.none")}</span>${name && html` <small>${number}</small>`}</h2>
      ${thread?.suppressed && html`<span class="state bad">STOP</span>`}
      ${thread && NUMBER.test(number) && (name || can) && html`<button type="button" onClick=${() => setEditing(true)}>
        <${Icon} name="contacts" size=${18} />${t(name ? "contact" : "contact.name")}</button>`}
    </header>
    <${Trouble} error=${error || earlier.error} retry=${load} />
    ${!thread && !error && html`<${Waiting} />`}
    ${thread && html`<${Bubbles} entries=${thread.entries} more=${thread.cursor && (() => earlier.run(thread.cursor))} />`}
    ${thread && can && html`<${Reply} number=${number} suppressed=${thread.suppressed} last=${thread.entries.find((each) => each.received)?.received}
      onSent=${(message) => setThread((before) => ({ ...before, entries: withSent(before.entries, message) }))} />`}
    ${editing && html`<${Contact} number=${number} contact=${thread.contact} onClose=${() => { setEditing(false); load(); onRead(); }} />`}
  </section>`;
}

// The entries, newest first, after an event.
function changed(entries, event) {
  const { data } = event;
  if (event.name === "message.received") {
    if (entries.some((each) => each.received?.id === data.id)) return entries;
    return [{ direction: "in", at: event.at, received: data }, ...entries];
  }
  if (!data.state) return entries;
  const at = entries.findIndex((each) => each.message?.id === data.id);
  if (at < 0) return [{ direction: "out", at: event.at, message: data }, ...entries];
  const before = entries[at];
  return entries.with(at, { ...before, message: { ...before.message, ...data } });
}

// The event of a submission may have come before its answer.
function withSent(entries, message) {
  if (entries.some((each) => each.message?.id === message.id)) return entries;
  return [{ direction: "out", at: message.created_at, message }, ...entries];
}

function Bubbles({ entries, more }) {
  const place = useRef(null);
  const low = useRef(true);
  const shown = [...entries].reverse();
  // who reads above is not pulled down by what comes in
  useLayoutEffect(() => {
    if (low.current) place.current.scrollTop = place.current.scrollHeight;
  }, [entries]);
  const scrolled = () => {
    const { scrollTop, clientHeight, scrollHeight } = place.current;
    low.current = scrollHeight - scrollTop - clientHeight < 40;
  };
  return html`<div class="bubbles" ref=${place} onScroll=${scrolled} tabindex="0" role="log" aria-label=${t("conversations.log")}>
    ${more && html`<p class="after"><button type="button" onClick=${more}>${t("conversations.earlier")}</button></p>`}
    ${!shown.length && html`<p class="quiet none">${t("conversations.first")}</p>`}
    ${shown.map((entry, index) => {
      const before = shown[index - 1];
      const day = !before || dayOf(before.at) !== dayOf(entry.at) ? dayOf(entry.at) : "";
      return html`${day && html`<p class="day" key=${`day ${day}`}>${day}</p>`}
        <${Bubble} key=${(entry.message || entry.received).id} entry=${entry} />`;
    })}
  </div>`;
}

function channel({ channel }) {
  return channel === "whatsapp" && html`${t("channel.whatsapp")} `;
}

function Bubble({ entry }) {
  const { message, received } = entry;
  const time = html`<time datetime=${entry.at} title=${whole(entry.at)}>${clock(entry.at)}</time>`;
  if (received) {
    return html`<div class="bubble in">
      <p dir="auto">${received.text || reason(received.error)}</p>
      ${received.partial && html`<p class="reason">${t("received.partial")}</p>`}
      <p class="under"><span class="hidden">${t("way.in")} </span>${channel(received)}${time}</p>
    </div>`;
  }
  return html`<div class="bubble out ${message.state}">
    <p dir="auto">${message.text}</p>
    ${message.error && html`<p class="reason">${reason(message.error)}</p>`}
    <p class="under"><a href=${to("messages", message.id)} aria-label=${t("message.open")}>
      <span class="hidden">${t("way.out")} </span>${channel(message)}${time} <${Tick} state=${message.state} /></a></p>
  </div>`;
}
