import { Moment, become, html, may, t, to, useEffect, useEvents, usePages, useRef, useState } from "../core.js";
import { Empty, Icon, Listed, State } from "../parts.js";
import { compose } from "../shell/composing.js";
import { Message } from "./message.js";

export const GROUPS = {
  "": "",
  waiting: "scheduled,queued,sending",
  sent: "sent,delivered",
  failed: "failed,expired",
  unknown: "unknown",
  cancelled: "cancelled",
};
const SHOWN = 50;

export function Messages({ route }) {
  const [id] = route.parts;
  const { state = "", keyword = "" } = route.query;
  const query = { limit: SHOWN, state: GROUPS[state] ?? "", keyword };
  const pages = usePages("/v1/messages", query, (answer) => answer.messages);
  useChanges(pages, state, keyword);
  const filter = (change) => become("messages", ...(id ? [id] : []), { state, keyword, ...change });
  return html`<header class="top">
      <h1>${t("place.messages")}</h1>
      ${may("operator") && html`<button type="button" class="primary" onClick=${() => compose()}>
        <${Icon} name="plus" size=${18} />${t("compose.title")}</button>`}
    </header>
    <div class="beside ${id ? "open" : ""}">
      <div class="list">
        <${Filters} state=${state} keyword=${keyword} filter=${filter} />
        <${Listed} of=${pages} waiting=${8} kind="messages" none=${html`<${Nothing} filtered=${state || keyword} />`}
          draw=${(row) => html`<${Row} key=${row.id} row=${row} chosen=${id} query=${{ state, keyword }} />`} />
      </div>
      ${id && html`<${Message} key=${id} id=${id} back=${to("messages", { state, keyword })} />`}
    </div>`;
}

// What happens to messages shows at once; new ones stand at the top, in a list that asks for no words.
function useChanges(pages, state, keyword) {
  useEvents((event) => {
    if (!event) return pages.reload();
    if (!event.name.startsWith("message.") || !event.data.to || !event.data.state) return undefined;
    const { data } = event;
    return pages.change((rows) => {
      const at = rows.findIndex((row) => row.id === data.id);
      if (at >= 0) return rows.with(at, { ...rows[at], ...data });
      const fits = event.name === "message.submitted" && !keyword
        && (!state || GROUPS[state].split(",").includes(data.state));
      return fits ? [{ ...data, created_at: event.at }, ...rows].slice(0, SHOWN * 10) : rows;
    });
  }, [pages.change, state, keyword]);
}

function Filters({ state, keyword, filter }) {
  const [typed, setTyped] = useState(keyword);
  const latest = useRef(filter); // with the state that was chosen while the timer ran
  latest.current = filter;
  const looked = useRef(keyword);
  useEffect(() => {
    if (typed === keyword) return undefined;
    const timer = setTimeout(() => {
      looked.current = typed.trim();
      latest.current({ keyword: looked.current });
    }, 250);
    return () => clearTimeout(timer);
  }, [typed]);
  // other words by a link or the back button: the box says what the list shows
  useEffect(() => {
    if (keyword !== looked.current) setTyped(keyword);
    looked.current = keyword;
  }, [keyword]);
  return html`<div class="filters">
    <label class="search"><${Icon} name="search" size=${18} /><span class="hidden">${t("messages.search")}</span>
      <input type="search" value=${typed} placeholder=${t("messages.search")} onInput=${(e) => setTyped(e.target.value)} />
    </label>
    <div class="chips" role="group" aria-label=${t("messages.filter")}>
      ${Object.keys(GROUPS).map((name) => html`<button type="button" key=${name} aria-pressed=${name === state}
        onClick=${() => filter({ state: name })}>${t(`messages.state.${name || "all"}`)}</button>`)}
    </div>
  </div>`;
}

function Row({ row, chosen, query }) {
  return html`<li><a href=${to("messages", row.id, query)} aria-current=${row.id === chosen ? "true" : undefined}>
    <span class="who" dir="auto">${row.to}</span>
    <span class="what" dir="auto">${row.text}</span>
    <${State} state=${row.state} />
    <span class="via">${row.line || row.route}</span>
    <${Moment} at=${row.created_at} />
  </a></li>`;
}

function Nothing({ filtered }) {
  if (filtered) {
    return html`<${Empty} icon="search" title=${t("messages.not_found")}
      action=${html`<a class="button" href="#/messages">${t("messages.all")}</a>`}>${t("messages.not_found.text")}</${Empty}>`;
  }
  return html`<${Empty} icon="messages" title=${t("messages.none")} action=${may("operator") &&
    html`<button type="button" class="primary" onClick=${() => compose()}>${t("compose.title")}</button>`}>
    ${t("messages.none.text")}</${Empty}>`;
}
