import { connection, html, startLive, stopLive, t, to, useEffect, useRef, useRoute, useSignal, useState } from "../core.js";
import { Empty, Icon, Said, Waiting } from "../parts.js";
import { Brand } from "../door/frame.js";
import { Compose } from "../sms/compose.js";
import { You } from "../you/you.js";
import { composing } from "./composing.js";
import { useNotifications } from "./notify.js";
import { listed, placeOf } from "./places.js";
import { Unread, useUnread } from "./unread.js";

export function Shell() {
  const route = useRoute();
  const place = placeOf(route.name);
  const [ready, setReady] = useState(false);
  const main = useRef(null);
  useNotifications();
  useEffect(() => {
    // pages load after the stream is open, so that nothing falls in between; a slow one is not waited for
    const late = setTimeout(() => setReady(true), 1500);
    startLive().then(() => setReady(true));
    return () => {
      clearTimeout(late);
      stopLive();
    };
  }, []);
  useEffect(() => {
    const name = place ? t(`place.${place.name}`) : t("place.nowhere");
    document.title = `${name} – sms-bridge`;
    main.current?.scrollTo?.(0, 0);
  }, [place]);
  const Draw = place?.draw;
  return html`<div class="shell ${place?.whole ? "whole" : ""}">
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>${t("shell.skip")}</a>
    <${Side} at=${route.name} />
    <main id="main" tabindex="-1" ref=${main}>
      ${!ready && html`<${Waiting} />`}
      ${ready && Draw && html`<${Draw} key=${place.name} route=${route} />`}
      ${ready && !Draw && html`<h1 class="hidden">${t("place.nowhere")}</h1><${Empty} icon="search" title=${t("place.nowhere")}
        action=${html`<a class="button" href="#/">${t("place.home")}</a>`}>${t("place.nowhere.text")}</${Empty}>`}
    </main>
    <${Low} at=${route.name} />
    <${Composer} />
    <${Said} />
  </div>`;
}

function Composer() {
  const draft = useSignal(composing);
  return draft && html`<${Compose} draft=${draft} onClose=${() => composing.set(null)} />`;
}

function Link({ place, at }) {
  const unread = useUnread();
  const here = at === place.name;
  return html`<a href=${to(place.name)} aria-current=${here ? "page" : undefined}>
    <${Icon} name=${place.icon || place.name} /><span>${t(`place.${place.name}`)}</span>
    ${place.name === "conversations" && html`<${Unread} count=${unread} />`}
  </a>`;
}

function Side({ at }) {
  const places = listed();
  const group = (name) => places.filter((place) => (place.group || "day") === name);
  const groups = ["day", "manage"].filter((name) => group(name).length);
  return html`<header class="side">
    <p class="brand"><a href="#/"><${Brand} /></a></p>
    <nav aria-label=${t("shell.places")}>
      ${groups.map((name) => html`<div class="group" key=${name}>
        ${name !== "day" && html`<h2>${t(`group.${name}`)}</h2>`}
        ${group(name).map((place) => html`<${Link} key=${place.name} place=${place} at=${at} />`)}
      </div>`)}
    </nav>
    <div class="foot"><${Live} /><${You} /></div>
  </header>`;
}

function Low({ at }) {
  const places = listed().filter((place) => place.low);
  const elsewhere = !places.some((place) => place.name === at);
  return html`<nav class="low" aria-label=${t("shell.places")}>
    ${places.map((place) => html`<${Link} key=${place.name} place=${place} at=${at} />`)}
    <a href=${to("more")} aria-current=${elsewhere ? "page" : undefined}>
      <${Icon} name="more" /><span>${t("place.more")}</span>
    </a>
  </nav>`;
}

export function Live() {
  const state = useSignal(connection);
  return html`<p class="live ${state}" role="status">
    <span class="mark" aria-hidden="true"></span>${t(`live.${state}`)}
  </p>`;
}
