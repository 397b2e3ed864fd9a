// The day at a glance: what needs a person, the lines, today's counts, and how busy it was.
import { useLoad } from "../core/loading.js";
import { may } from "../core/session.js";
import { html } from "../core/view.js";
import { t } from "../core/words.js";
import { Icon } from "../parts/icons.js";
import { Trouble, Waiting } from "../parts/notice.js";
import { compose } from "../shell/composing.js";
import { LineCard, NoLines } from "../lines/line_card.js";
import { Attention } from "./attention.js";
import { Latest } from "./latest.js";
import { Today } from "./today.js";

export function Home() {
  return html`<header class="top">
      <h1>${t("place.home")}</h1>
      ${may("operator") && html`<button type="button" class="primary" onClick=${() => compose()}>
        <${Icon} name="plus" size=${18} />${t("compose.title")}</button>`}
    </header>
    <${Attention} />
    <${Lines} />
    <${Today} />
    <${Latest} />`;
}

function Lines() {
  const { data, error, loading, reload } = useLoad("/v1/lines", {}, { when: (event) => event.name === "line.changed" });
  return html`<section aria-labelledby="home-lines">
    <h2 id="home-lines">${t("home.lines")}</h2>
    <${Trouble} error=${error} retry=${reload} />
    ${loading && html`<${Waiting} rows=${2} />`}
    ${data && (data.lines.length
      ? html`<div class="cards">${data.lines.map((line) => html`<${LineCard} key=${line.name} line=${line} />`)}</div>`
      : html`<${NoLines} />`)}
  </section>`;
}
