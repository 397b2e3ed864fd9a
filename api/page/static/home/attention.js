import { Moment, ago, html, may, post, reason, t, to, useDeed, useLoad } from "../core.js";
import { Icon, Trouble } from "../parts.js";
import { stateOf } from "../lines/sites.js";
import { Settle } from "../messages/settle.js";

const MOST = 1000;
const changes = { when: (event) => /^(message\.(unknown|failed|sent|delivered)|line\.|alarm\.)/.test(event.name) };

export function Attention() {
  const { data, error, reload } = useLoad("/v1/attention", {}, changes);
  if (error) return html`<${Trouble} error=${error} retry=${reload} />`;
  if (!data) return null;
  const { unknown, dead_letters: dead, paused_endpoints: paused, sites, alarms } = data;
  // what is wrong with a site is said once
  const lines = data.lines.filter((line) => sites.every((site) => line.device !== site.name));
  const can = may("operator");
  const nothing = !unknown.count && !dead.count && !paused.length && !lines.length && !alarms.length && !sites.length;
  if (nothing) return html`<p class="calm" role="status"><${Icon} name="check" size=${18} />${t("attention.nothing")}</p>`;
  return html`<section aria-labelledby="attention" class="attention">
    <h2 id="attention">${t("attention")}</h2>
    <ul>
      ${alarms.map((each) => html`<li key=${each.id} class="card bad"><h3>${reason(each.title)}</h3>
        <p>${reason(each.reason)}</p><p class="quiet">${t("attention.since")} <${Moment} at=${each.began_at} as=${ago} /></p></li>`)}
      ${sites.map((each) => html`<li key=${each.name} class="card bad"><h3><a href=${to("lines")}>${t("line.site")} ${each.name}</a> · ${t(`site.${stateOf(each)}`)}</h3>
        ${each.problems.map((problem) => html`<p>${reason(problem)}</p>`)}
        <p class="quiet">${!each.connected && each.heard_at && html`${t("site.heard")} <${Moment} at=${each.heard_at} as=${ago} />`}</p></li>`)}
      ${lines.map((each) => html`<li key=${each.name} class="card bad"><h3><a href=${to("lines", each.name)}>${each.name}</a> · ${t(`line.${each.state}`)}</h3>
        <p>${reason(each.reason) || t(`line.${each.state}.means`)}</p></li>`)}
      ${unknown.count > 0 && html`<li class="card ask"><h3>${t("attention.unknown", { n: unknown.count })}${unknown.count >= MOST ? "+" : ""}</h3>
        <p class="quiet">${t(can ? "attention.unknown.text" : "attention.unknown.reader")}</p>
        <ul class="plain">${unknown.messages.slice(0, 3).map((each) => html`<li key=${each.id}>
          <a class="grow" href=${to("messages", each.id)}>${each.to} <small dir="auto">${each.text}</small></a>
          <${Settle} message=${each} onDone=${reload} /></li>`)}</ul>
        ${unknown.count > 3 && html`<a href=${to("messages", { state: "unknown" })}>${t("attention.all", { n: unknown.count })}</a>`}</li>`}
      ${dead.count > 0 && html`<${Dead} dead=${dead} reload=${reload} />`}
      ${paused.map((each) => html`<li key=${each.id} class="card ask"><h3>${t("attention.paused")}</h3>
        <p><a href=${to("webhooks", each.id)}>${each.url}</a></p></li>`)}
    </ul>
  </section>`;
}

function Dead({ dead, reload }) {
  const again = useDeed(async () => {
    await post("/v1/ledger/redeliver", { state: "dead" });
    reload();
  });
  const where = dead.deliveries[0]?.endpoint;
  return html`<li class="card ask"><h3>${t("attention.dead", { n: dead.count })}</h3>
    <p class="quiet">${reason(dead.deliveries[0]?.error)}</p>
    <p class="deeds">${where && html`<a class="button" href=${to("webhooks", where)}>${t("deliveries")}</a>`}
      ${may("operator") && html`<button type="button" disabled=${again.busy} onClick=${again.run}>${t("deliveries.again.dead")}</button>`}</p>
    <${Trouble} error=${again.error} /></li>`;
}
