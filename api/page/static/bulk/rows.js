import { address, html, may, reason, t, to, useEffect, usePages, useState } from "../core.js";
import { Icon, Listed, Segments, State } from "../parts.js";

const KINDS = { ok: "sendable", bad: "bad", duplicate: "duplicates", suppressed: "suppressed" };

export function Rows({ batch }) {
  const [kind, setKind] = useState("ok");
  const pages = usePages(`/v1/batches/${batch.id}/rows`, { state: kind, limit: 20 }, (answer) => answer.rows);
  const { text, number_column: column, country, made, state } = batch;
  useEffect(() => void pages.reload(), [text, column, country, made, state, JSON.stringify(batch.counts)]);
  const can = may("operator");
  const kinds = Object.entries(KINDS).filter(([name, count]) => name === "ok" || batch[count] > 0);
  return html`<section aria-labelledby="bulk-rows">
    <header class="top"><h2 id="bulk-rows">${t(state === "draft" ? "bulk.preview" : "bulk.rows.title")}</h2>
      ${kinds.length > 1 && html`<${Segments} label=${t("messages.filter")} value=${kind} onChange=${setKind}
        options=${kinds.map(([name, count]) => [name, `${t(`bulk.${count}`)} ${batch[count]}`])} />`}
      ${kind !== "ok" && html`<a class="button" href=${address(`/v1/batches/${batch.id}/result`, { state: kind })} download>
        <${Icon} name="download" size=${18} />${t("bulk.download")}</a>`}
    </header>
    <${Listed} of=${pages} waiting=${3} draw=${(each) => html`<${Row} key=${each.row} each=${each} />`}
      none=${html`<p class="quiet none">${t(column ? "bulk.no_rows" : can ? "bulk.choose_column" : "bulk.no_column")}</p>`} />
  </section>`;
}

function Row({ each }) {
  const { message } = each;
  return html`<li class="row">
    <span class="number quiet">${each.row}</span>
    ${message?.id ? html`<a class="who" href=${to("messages", message.id)}>${each.number}</a>` : html`<span class="who">${each.number || each.cells?.[0]}</span>`}
    <span class="what" dir="auto">${reason(each.problem) || each.text}</span>
    ${each.state === "ok" && !message && each.parts > 0 && html`<span class="via">${t("measure.parts", { n: each.parts })}</span>`}
    ${message && html`<${State} state=${message.state} />`}
  </li>`;
}
