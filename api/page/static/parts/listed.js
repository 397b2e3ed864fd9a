import { html } from "../core/view.js";
import { t } from "../core/words.js";
import { Trouble, Waiting } from "./notice.js";

// `of`: what usePages or useLoad gave; `rows` where they are a part of that; `none` stands for no row.
export function Listed({ of, rows = of.rows, error = of.error, waiting, kind = "", draw, none }) {
  return html`<${Trouble} error=${error} retry=${of.reload} />
    ${of.loading && html`<${Waiting} rows=${waiting} />`}
    ${rows && (rows.length ? html`<ul class="rows ${kind}">${rows.map(draw)}</ul>` : none)}
    ${of.more && html`<p class="after"><button type="button" onClick=${of.more}>${t("act.more")}</button></p>`}`;
}
