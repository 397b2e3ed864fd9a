import { Moment, ago, html, may, reason, t, to, useLoad } from "../core.js";
import { Empty, Icon, State } from "../parts.js";
import { compose } from "../shell/composing.js";

const SHOWN = 6;
const ofMessages = { when: (event) => event.name.startsWith("message.") };

export function Latest() {
  const sent = useLoad("/v1/messages", { limit: SHOWN }, ofMessages).data;
  const came = useLoad("/v1/inbox", { limit: SHOWN }, ofMessages).data;
  if (!sent || !came) return null;
  const can = may("operator");
  const rows = [
    ...sent.messages.map((each) => ({ ...each, at: each.created_at, number: each.to })),
    ...came.messages.map((each) => ({ ...each, at: each.received_at, number: each.from })),
  ].sort((one, other) => other.at.localeCompare(one.at)).slice(0, SHOWN);
  return html`<section aria-labelledby="home-latest">
    <h2 id="home-latest">${t("home.latest")}</h2>
    ${rows.length
      ? html`<ul class="rows">${rows.map((row) => html`<${Row} key=${row.id} row=${row} />`)}</ul>`
      : html`<${Empty} icon="messages" title=${t("home.nothing")} action=${can &&
          html`<button type="button" class="primary" onClick=${() => compose()}>${t("compose.title")}</button>`}>
          ${t(can ? "home.nothing.text" : "home.nothing.reader")}</${Empty}>`}
  </section>`;
}

function Row({ row }) {
  const out = Boolean(row.to);
  return html`<li><a href=${out ? to("messages", row.id) : to("conversations", row.number)}>
    <span class="way ${out ? "out" : "in"}"><${Icon} name=${out ? "send" : "chats"} size=${18} />
      <span class="hidden">${t(out ? "way.out" : "way.in")}</span></span>
    <span class="who" dir="auto">${row.number || t("sender.none")}</span>
    <span class="what" dir="auto">${row.text || reason(row.error)}</span>
    ${out ? html`<${State} state=${row.state} />` : html`<span class="state quiet">${t("way.in")}</span>`}
    <${Moment} at=${row.at} as=${ago} />
  </a></li>`;
}
