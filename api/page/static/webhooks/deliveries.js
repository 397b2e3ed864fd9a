// What was delivered to a webhook, what is owed to it, and what was given up.
import { post } from "../core/api.js";
import { useEvents } from "../core/live.js";
import { useDeed, usePages } from "../core/loading.js";
import { Moment, ago, lasted, whole } from "../core/moments.js";
import { may } from "../core/session.js";
import { html, useEffect, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Confirm } from "../parts/dialog.js";
import { Segments } from "../parts/fields.js";
import { Trouble, Waiting, say } from "../parts/notice.js";
import { State } from "../parts/state.js";

export function Deliveries({ endpoint }) {
  const [state, setState] = useState("");
  const [asked, setAsked] = useState(false);
  const pages = usePages("/v1/ledger", { endpoint, state, limit: 50 }, (answer) => answer.deliveries);
  useEvents(() => void setTimeout(pages.reload, 800), [pages.change]);
  // no event tells how a delivery ends
  const owed = Boolean(pages.rows?.some((each) => each.state === "owed"));
  useEffect(() => {
    const timer = owed && setInterval(pages.reload, 3000);
    return () => clearInterval(timer);
  }, [owed, pages.change]);
  const again = useDeed(async (what) => {
    const { count } = await post("/v1/ledger/redeliver", what);
    say(t("deliveries.again.done", { n: count }));
    pages.reload();
  });
  return html`<section aria-labelledby="deliveries">
    <header class="top"><h2 id="deliveries">${t("deliveries")}</h2>
      <${Segments} label=${t("messages.filter")} value=${state} onChange=${setState}
        options=${["", "delivered", "owed", "dead"].map((each) => [each, each ? t(`delivery.${each}`) : t("messages.state.all")])} />
      ${may("operator") && html`<button type="button" onClick=${() => setAsked(true)}>${t("deliveries.again.dead")}</button>`}
    </header>
    <${Trouble} error=${pages.error || again.error} retry=${pages.reload} />
    ${pages.loading && html`<${Waiting} />`}
    ${pages.rows && (pages.rows.length
      ? html`<ul class="rows">${pages.rows.map((each) => html`<${Row} key=${each.id} each=${each} again=${again} />`)}</ul>`
      : html`<p class="quiet none">${t("deliveries.none")}</p>`)}
    ${pages.more && html`<p class="after"><button type="button" onClick=${pages.more}>${t("act.more")}</button></p>`}
    ${asked && html`<${Confirm} title=${t("deliveries.again.dead")} text=${t("deliveries.again.text")} danger=${false}
      act=${t("deliveries.again.dead")} deed=${{ busy: again.busy, run: () => again.run({ endpoint, state: "dead" }) }}
      onClose=${() => setAsked(false)} />`}
  </section>`;
}

function Row({ each, again }) {
  const took = each.delivered_at && new Date(each.delivered_at) - new Date(each.created_at);
  return html`<li><details class="delivery"><summary>
      <span class="what strong">${each.event}</span>
      <span class="via">${each.status ?? ""}</span>
      <${State} state=${each.state} kind="delivery" />
      <${Moment} at=${each.created_at} as=${ago} />
    </summary>
    <dl class="facts">
      <div><dt>${t("delivery.attempts")}</dt><dd>${each.attempts}</dd></div>
      ${took > 0 && html`<div><dt>${t("delivery.took")}</dt><dd>${lasted(took)}</dd></div>`}
      ${each.state === "owed" && each.due_at && html`<div><dt>${t("delivery.next")}</dt><dd><${Moment} at=${each.due_at} as=${whole} /></dd></div>`}
      <div><dt>${t("delivery.event")}</dt><dd><code>${each.event_id}</code></dd></div>
      ${each.error && html`<div><dt>${t("delivery.answer")}</dt><dd class="wrong">${each.error}</dd></div>`}
    </dl>
    ${may("operator") && each.state !== "owed" && html`<p class="deeds"><button type="button" disabled=${again.busy}
      onClick=${() => again.run({ ids: [each.id] })}>${t("deliveries.again")}</button></p>`}
  </details></li>`;
}
