// One conversation: bubbles with the newest at the bottom, and a box to answer in.
import { get, post } from "../core/api.js";
import { useEvents } from "../core/live.js";
import { clock, dayOf, whole } from "../core/moments.js";
import { to } from "../core/route.js";
import { may } from "../core/session.js";
import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "../parts/icons.js";
import { Trouble, Waiting } from "../parts/notice.js";
import { Tick } from "../parts/state.js";
import { countUnread } from "../shell/unread.js";
import { NUMBER, Reply } from "./reply.js";
import { Contact } from "../contacts/contact.js";

// rows that are kept on the page: a window left open for a day must not grow
const MOST = 500;
const EACH = 100;

export function Thread({ number, onRead }) {
  const [thread, setThread] = useState(null);
  const [error, setError] = useState(null);
  const [editing, setEditing] = useState(false);
  const path = `/v1/conversations/${encodeURIComponent(number)}`;
  const load = useCallback(async () => {
    try {
      setThread(await get(path, { limit: EACH }));
      setError(null);
    } catch (problem) {
      setError(problem);
    }
  }, [number]);
  const read = useCallback(async () => {
    if (!may("operator") || document.visibilityState !== "visible") return;
    await post(`${path}/read`).catch(() => {});
    countUnread();
    onRead();
  }, [number, onRead]);
  const earlier = async () => {
    const answer = await get(path, { limit: EACH, cursor: thread.cursor });
    setThread((before) => ({ ...before, entries: [...before.entries, ...answer.entries], cursor: answer.cursor }));
  };
  useEffect(() => void load().then(read), [number]);
  useEvents((event) => {
    if (!event || event.name.startsWith("recipient.")) return void load();
    if (!event.name.startsWith("message.") || ![event.data.to, event.data.from].includes(number)) return undefined;
    setThread((before) => before && { ...before, entries: changed(before.entries, event).slice(0, MOST) });
    return event.name === "message.received" ? void read() : undefined;
  }, [number, read]);
  const name = thread?.contact?.name;
  return html`<section class="thread" aria-label=${name || number}>
    <header>
      <a class="button plain square narrow" href=${to("conversations")} aria-label=${t("act.back")}><${Icon} name="back" /></a>
      <h2 dir="auto">${name || number || t("sender.none")}${name && html` <small>${number}</small>`}</h2>
      ${thread?.suppressed && html`<span class="state bad">STOP</span>`}
      ${thread && NUMBER.test(number) && html`<button type="button" onClick=${() => setEditing(true)}>
        <${Icon} name="contacts" size=${18} />${t(name ? "contact" : may("operator") ? "contact.name" : "contact")}</button>`}
    </header>
    <${Trouble} error=${error} retry=${load} />
    ${!thread && !error && html`<${Waiting} />`}
    ${thread && html`<${Bubbles} entries=${thread.entries} more=${thread.cursor && earlier} />`}
    ${thread && may("operator") && html`<${Reply} number=${number} suppressed=${thread.suppressed} whatsapp=${whatsappLine(thread.entries)}
      onSent=${(message) => setThread((before) => ({ ...before, entries: withSent(before.entries, message) }))} />`}
    ${editing && html`<${Contact} number=${number} contact=${thread.contact} onClose=${() => { setEditing(false); load(); onRead(); }} />`}
  </section>`;
}

// The line by which the other side wrote last, where that was by WhatsApp.
function whatsappLine(entries) {
  const { received } = entries.find((each) => each.received) || {};
  return received?.channel === "whatsapp" ? received.line : "";
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
      <p dir="auto">${received.text || received.error}</p>
      ${received.partial && html`<p class="reason">${t("received.partial")}</p>`}
      <p class="under"><span class="hidden">${t("way.in")} </span>${channel(received)}${time}</p>
    </div>`;
  }
  return html`<div class="bubble out ${message.state}">
    <p dir="auto">${message.text}</p>
    ${message.error && html`<p class="reason">${message.error}</p>`}
    <p class="under"><a href=${to("messages", message.id)} aria-label=${t("message.open")}>
      <span class="hidden">${t("way.out")} </span>${channel(message)}${time} <${Tick} state=${message.state} /></a></p>
  </div>`;
}
