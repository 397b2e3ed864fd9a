import { html, number, t, to, useEffect, useLoad, useState } from "../core.js";
import { Segments, Trouble } from "../parts.js";
import { Chart } from "./chart.js";

const HOUR = 3_600_000;
const SPANS = { day: { step: "hour", back: 23 * HOUR }, week: { step: "day", back: 144 * HOUR }, month: { step: "day", back: 696 * HOUR } };
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const counted = (event) => /^message\.(?!typed)/.test(event.name);
const sum = (states, names) => names.reduce((total, name) => total + (states[name] || 0), 0);

export const OUT = {
  delivered: ["delivered"],
  sent: ["sent"],
  waiting: ["scheduled", "queued", "sending"],
  failed: ["failed", "expired"],
  unknown: ["unknown"],
};

export function Today() {
  const { data, error, reload } = useLoad("/v1/statistics", { zone }, { when: counted });
  // no event tells that another day has begun
  useEffect(() => {
    const timer = setInterval(reload, HOUR / 60);
    return () => clearInterval(timer);
  }, [reload]);
  if (error) return html`<${Trouble} error=${error} retry=${reload} />`;
  const totals = data?.totals;
  const tiles = Object.keys(OUT).map((name) => [name, sum(totals?.states || {}, OUT[name]), to("messages", { state: name === "delivered" ? "sent" : name })]);
  return html`<section aria-labelledby="home-today">
    <h2 id="home-today">${t("home.today")}</h2>
    <ul class="tiles">
      ${[...tiles, ["received", totals?.received ?? 0, to("conversations")]].map(([name, count, where]) => html`<li key=${name}>
        <a href=${where} class=${`${name} ${count ? "" : "nil"}`}><b>${totals ? number(count) : "–"}</b><span>${t(`count.${name}`)}</span></a></li>`)}
    </ul>
    <${Busy} />
  </section>`;
}

function Busy() {
  const [span, setSpan] = useState("day");
  const { step, back } = SPANS[span];
  // whole hours, so that the same question is asked again for a while
  const since = new Date(Math.floor((Date.now() - back) / HOUR) * HOUR).toISOString();
  const { data } = useLoad("/v1/statistics", { zone, step, since }, { when: counted });
  const periods = (data?.periods || []).map((each) => ({
    at: each.at,
    received: each.received,
    ...Object.fromEntries(Object.entries(OUT).map(([name, states]) => [name, sum(each.states, states)])),
  }));
  return html`<figure class="card busy">
    <figcaption><h3>${t("home.busy")}</h3>
      <${Segments} label=${t("home.span")} value=${span} onChange=${setSpan}
        options=${Object.keys(SPANS).map((name) => [name, t(`home.span.${name}`)])} /></figcaption>
    <${Chart} periods=${periods} step=${step} />
  </figure>`;
}
