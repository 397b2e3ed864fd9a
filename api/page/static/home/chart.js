import { html, locale, number, t, useState } from "../core.js";
import { Plot, bars, colour, lines, plain } from "../parts.js";

const STACK = ["delivered", "sent", "waiting", "failed", "unknown"];
const SERIES = [...STACK, "received"];
const HEIGHT = 200;

const written = (step) => new Intl.DateTimeFormat(locale, step === "hour" ? { hour: "numeric", minute: "2-digit" } : { day: "numeric", month: "short" });

// What uPlot wants: the times, the received, and sums from the top of the stack down, so that the lower ones are
// drawn over the higher ones.
function columns(periods) {
  const times = periods.map((each) => Date.parse(each.at) / 1000);
  const sums = STACK.map((_, top) => periods.map((each) => STACK.slice(0, top + 1).reduce((total, name) => total + each[name], 0)));
  return [times, ...sums.reverse(), periods.map((each) => each.received)];
}

function options(step, periods, onPoint) {
  const { axis, ...common } = plain(HEIGHT, onPoint);
  const format = written(step);
  const paths = bars({ size: [0.7, 26], radius: 0.15 });
  const most = Math.max(4, ...periods.map((each) => Math.max(each.received, STACK.reduce((sum, name) => sum + each[name], 0))));
  return {
    ...common,
    scales: { x: { time: true, range: (_, low, high) => pad(low, high, step) }, y: { range: [0, Math.ceil(most * 1.1)] } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, values: (_, at) => at.map((each) => format.format(each * 1000)), space: 70 },
      { ...axis, size: 44, values: (_, at) => at.map((each) => (Number.isInteger(each) ? number(each) : "")) },
    ],
    series: [
      {},
      ...[...STACK].reverse().map((name) => ({ fill: colour(`bar-${name}`), width: 0, paths, points: { show: false } })),
      { stroke: colour("bar-received"), width: 2, paths: lines(), points: { show: true, size: 6, fill: colour("bar-received"), filter: something } },
    ],
  };
}

// A point where something came in; a row of points at nothing would say nothing.
const something = (plot, series) => plot.data[series].flatMap((value, index) => (value ? [index] : []));

function pad(low, high, step) {
  const half = step === "hour" ? 1800 : 43_200;
  return [low - half, high + half];
}

export function Chart({ periods, step }) {
  const [at, setAt] = useState(null);
  const point = at === null ? null : periods[at];
  const total = (name) => (point ? point[name] : periods.reduce((sum, each) => sum + each[name], 0));
  return html`<${Plot} height=${HEIGHT} from=${step + JSON.stringify(periods)}
      draw=${() => periods.length && { options: options(step, periods, setAt), columns: columns(periods) }} />
    <p class="legend">
      ${SERIES.map((name) => html`<span key=${name} class=${name}><i aria-hidden="true"></i>${t(`count.${name}`)} <b>${number(total(name))}</b></span>`)}
      <span class="quiet when">${point ? written(step).format(new Date(point.at)) : t("home.total")}</span>
    </p>`;
}
