import { Moment, ago, html, lasted, may, post, reason, t, useAgain, useDeed, useEffect, usePages, useState, whole } from "../core.js";
import { Confirm, Facts, Listed, Segments, State, say } from "../parts.js";

export function Deliveries({ endpoint }) {
  const [state, setState] = useState("");
  const [asked, setAsked] = useState(false);
  const pages = usePages("/v1/ledger", { endpoint, state, limit: 50 }, (answer) => answer.deliveries);
  useAgain(pages.reload, () => true, 800);
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
    <${Listed} of=${pages} error=${pages.error || again.error} draw=${(each) => html`<${Row} key=${each.id} each=${each} again=${again} />`}
      none=${html`<p class="quiet none">${t("deliveries.none")}</p>`} />
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
    <${Facts} of=${[
      [t("delivery.attempts"), each.attempts],
      took > 0 && [t("delivery.took"), lasted(took)],
      each.state === "owed" && each.due_at && [t("delivery.next"), html`<${Moment} at=${each.due_at} as=${whole} />`],
      [t("delivery.event"), html`<code>${each.event_id}</code>`],
      [t("delivery.answer"), each.error && html`<span class="wrong">${reason(each.error)}</span>`],
    ]} />
    ${may("operator") && each.state !== "owed" && html`<p class="deeds"><button type="button" disabled=${again.busy}
      onClick=${() => again.run({ ids: [each.id] })}>${t("deliveries.again")}</button></p>`}
  </details></li>`;
}
