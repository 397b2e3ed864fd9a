import { html, t, to } from "../core.js";
import { Icon } from "../parts.js";
import { You } from "../you/you.js";
import { listed } from "./places.js";
import { Live } from "./shell.js";

export function More() {
  return html`<h1>${t("place.more")}</h1>
    <ul class="more-places">
      ${listed().filter((place) => !place.low).map((place) => html`<li key=${place.name}>
        <a href=${to(place.name)}><${Icon} name=${place.icon || place.name} /><span class="grow">${t(`place.${place.name}`)}</span>
          <${Icon} name="forward" size=${16} /></a></li>`)}
    </ul>
    <div class="more-you"><${You} /><${Live} /></div>`;
}
