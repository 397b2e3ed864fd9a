import { DEMO, html, may, t, to, useLoad } from "../core.js";
import { Icon, Trouble, Waiting } from "../parts.js";
import { LineCard, NoLines, ofLines } from "../lines/line_card.js";
import { compose } from "../shell/composing.js";
import { Attention } from "./attention.js";
import { Latest } from "./latest.js";
import { Today } from "./today.js";

export function Home() {
  return html`<header class="top">
      <h1>${t("place.home")}</h1>
      ${may("operator") && html`<button type="button" class="primary" onClick=${() => compose()}>
        <${Icon} name="plus" size=${18} />${t("compose.title")}</button>`}
    </header>
    ${DEMO && html`<p class="notice"><${Icon} name="virtual" /><span class="grow">${t("virtual.demo")}</span>
      <a class="button" href=${to("virtual")}>${t("place.virtual")}</a></p>`}
    <${Attention} />
    <${Lines} />
    <${Today} />
    <${Latest} />`;
}

function Lines() {
  const { data, error, loading, reload } = useLoad("/v1/lines", {}, ofLines);
  return html`<section aria-labelledby="home-lines">
    <h2 id="home-lines">${t("home.lines")}</h2>
    <${Trouble} error=${error} retry=${reload} />
    ${loading && html`<${Waiting} rows=${2} />`}
    ${data && (data.lines.length
      ? html`<div class="cards">${data.lines.map((line) => html`<${LineCard} key=${line.name} line=${line} />`)}</div>`
      : html`<${NoLines} />`)}
  </section>`;
}
