// Messages by state, words and line; one of them opens beside the list.
import { useEvents } from "../core/live.js";
import { usePages } from "../core/loading.js";
import { Moment } from "../core/moments.js";
import { become, to } from "../core/route.js";
import { may } from "../core/session.js";
import { html, useEffect, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "../parts/icons.js";
import { Empty, Trouble, Waiting } from "../parts/notice.js";
import { State } from "../parts/state.js";
import { compose } from "../shell/composing.js";
import { Message } from "./message.js";

// Which states people look for together.
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
  const filter = (change) => become("messages", { state, keyword, ...change });
  return html`<header class="top">
      <h1>${t("place.messages")}</h1>
      ${may("operator") && html`<button type="button" class="primary" onClick=${() => compose()}>
        <${Icon} name="plus" size=${18} />${t("compose.title")}</button>`}
    </header>
    <div class="beside ${id ? "open" : ""}">
      <div class="list">
        <${Filters} state=${state} keyword=${keyword} filter=${filter} />
        <${Trouble} error=${pages.error} retry=${pages.reload} />
        ${pages.loading && html`<${Waiting} rows=${8} />`}
        ${pages.rows && (pages.rows.length
          ? html`<${Table} rows=${pages.rows} chosen=${id} query=${{ state, keyword }} />`
          : html`<${Nothing} filtered=${state || keyword} />`)}
        ${pages.more && html`<p class="after"><button type="button" onClick=${pages.more}>${t("act.more")}</button></p>`}
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
  useEffect(() => {
    if (typed === keyword) return undefined;
    const timer = setTimeout(() => filter({ keyword: typed }), 250);
    return () => clearTimeout(timer);
  }, [typed]);
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

function Table({ rows, chosen, query }) {
  return html`<ul class="rows messages">
    ${rows.map((row) => html`<li key=${row.id}>
      <a href=${to("messages", row.id, query)} aria-current=${row.id === chosen ? "true" : undefined}>
        <span class="who" dir="auto">${row.to}</span>
        <span class="what" dir="auto">${row.text}</span>
        <${State} state=${row.state} />
        <span class="via">${row.line || row.route}</span>
        <${Moment} at=${row.created_at} />
      </a></li>`)}
  </ul>`;
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
