import { html, lasted, locale, number, t, useLoad, useState } from "../core.js";
import { Plot, Segments, Trouble, Waiting, bars, colour, lines, plain } from "../parts.js";

const QUARTER = 900_000;
const HEIGHT = 150;
const SPANS = { day: 96, week: 672 };
// dBm: nothing, and as good as it gets (3GPP TS 27.007 §8.5)
const LEAST = -113;
const BEST = -51;

const format = (span) => new Intl.DateTimeFormat(locale, span === "day" ? { hour: "numeric", minute: "2-digit" } : { weekday: "short", day: "numeric" });
const whole = () => new Intl.DateTimeFormat(locale, { weekday: "short", hour: "numeric", minute: "2-digit" });

// Every quarter of the span: one in which the bridge did not run has nothing.
function filled(quarters, since, count) {
  const known = new Map(quarters.map((each) => [Date.parse(each.at), each]));
  return Array.from({ length: count + 1 }, (_, index) => known.get(since + index * QUARTER) || { at: new Date(since + index * QUARTER).toISOString() });
}

function drawing(rows, span, onPoint) {
  const { axis, ...common } = plain(HEIGHT, onPoint);
  const written = format(span);
  const columns = [
    rows.map((each) => Date.parse(each.at) / 1000),
    rows.map((each) => (each.away_seconds ? each.away_seconds / each.watched_seconds : null)),
    rows.map((each) => each.signal_dbm ?? null),
  ];
  const alone = (plot, series) => columns[series].flatMap((value, index) =>
    (value !== null && columns[series][index - 1] == null && columns[series][index + 1] == null ? [index] : []));
  return {
    columns,
    options: {
      ...common,
      scales: { x: { time: true }, away: { range: [0, 1] }, y: { range: [LEAST, BEST] } },
      axes: [
        { ...axis, size: 28, grid: { show: false }, values: (_, at) => at.map((each) => written.format(each * 1000)), space: 70 },
        { ...axis, size: 44, splits: () => [-110, -95, -80, -65], values: (_, at) => at.map(number) },
      ],
      series: [
        {},
        { scale: "away", fill: colour("bar-failed"), width: 0, paths: bars({ size: [1, 100] }), points: { show: false } },
        { stroke: colour("main"), width: 2, paths: lines(), points: { show: true, size: 5, fill: colour("main"), filter: alone } },
      ],
    },
  };
}

export function SignalHistory({ line }) {
  const [span, setSpan] = useState("day");
  const [at, setAt] = useState(null);
  const since = Math.floor(Date.now() / QUARTER) * QUARTER - SPANS[span] * QUARTER;
  const { data, error, reload } = useLoad(`/v1/lines/${encodeURIComponent(line)}/history`, { since: new Date(since).toISOString() },
    { when: (event) => event.name === "line.changed" && event.subject === line });
  const rows = data ? filled(data.quarters, since, SPANS[span]) : [];
  return html`<figure class="card busy">
    <figcaption><h2>${t("history.signal")}</h2>
      <${Segments} label=${t("home.span")} value=${span} onChange=${(name) => { setAt(null); setSpan(name); }}
        options=${Object.keys(SPANS).map((name) => [name, t(`home.span.${name}`)])} /></figcaption>
    <${Trouble} error=${error} retry=${reload} />
    ${!data && !error && html`<${Waiting} rows=${3} />`}
    ${data && html`<${Plot} height=${HEIGHT} from=${span + JSON.stringify(data.quarters)} draw=${() => drawing(rows, span, setAt)} />
      <${Legend} rows=${at === null || !rows[at] ? rows : [rows[at]]} />`}
  </figure>`;
}

// In words what is drawn: of the quarter that is pointed at, else of the whole span.
function Legend({ rows }) {
  const levels = rows.flatMap((each) => each.signal_dbm ?? []);
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const away = rows.reduce((sum, each) => sum + (each.away_seconds || 0), 0);
  const watched = rows.some((each) => each.watched_seconds);
  return html`<p class="legend">
    <span class="level"><i aria-hidden="true"></i>${t("line.signal")} <b>${!levels.length ? t("history.unknown")
      : low === high ? t("line.signal.dbm", { dbm: low }) : t("history.range", { low, high })}</b></span>
    <span class="failed"><i aria-hidden="true"></i>${t("history.away")} <b>${watched ? lasted(away * 1000) : t("history.unknown")}</b></span>
    <span class="quiet when">${rows.length === 1 ? whole().format(new Date(rows[0].at)) : t("home.total")}</span></p>`;
}
