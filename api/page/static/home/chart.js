// Messages by hour or day: what was sent, stacked by its state, and what came in as a line.
import { number } from "../core/moments.js";
import { html, useEffect, useRef, useState } from "../core/view.js";
import { locale, t } from "../core/words.js";
import uPlot from "../vendor/uplot.js";

const STACK = ["delivered", "sent", "waiting", "failed", "unknown"];
const SERIES = [...STACK, "received"];
const HEIGHT = 200;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const written = (step) => new Intl.DateTimeFormat(locale, step === "hour" ? { hour: "numeric", minute: "2-digit" } : { day: "numeric", month: "short" });

// What uPlot wants: the times, the received, and sums from the top of the stack down, so that the lower ones are
// drawn over the higher ones.
function columns(periods) {
  const times = periods.map((each) => Date.parse(each.at) / 1000);
  const sums = STACK.map((_, top) => periods.map((each) => STACK.slice(0, top + 1).reduce((total, name) => total + each[name], 0)));
  return [times, ...sums.reverse(), periods.map((each) => each.received)];
}

function options(width, step, periods, onPoint) {
  const grid = { stroke: colour("edge"), width: 1 };
  const axis = { stroke: colour("quiet"), grid, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const format = written(step);
  const bars = uPlot.paths.bars({ size: [0.7, 26], radius: 0.15 });
  const most = Math.max(4, ...periods.map((each) => Math.max(each.received, STACK.reduce((sum, name) => sum + each[name], 0))));
  return {
    width, height: HEIGHT, legend: { show: false }, padding: [10, 8, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { setScale: false, x: false } },
    scales: { x: { time: true, range: (_, low, high) => pad(low, high, step) }, y: { range: [0, Math.ceil(most * 1.1)] } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, values: (_, at) => at.map((each) => format.format(each * 1000)), space: 70 },
      { ...axis, size: 44, values: (_, at) => at.map((each) => (Number.isInteger(each) ? number(each) : "")) },
    ],
    series: [
      {},
      ...[...STACK].reverse().map((name) => ({ fill: colour(`bar-${name}`), width: 0, paths: bars, points: { show: false } })),
      { stroke: colour("bar-received"), width: 2, paths: uPlot.paths.linear(), points: { show: true, size: 6, fill: colour("bar-received"), filter: something } },
    ],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx)] },
  };
}

// A point where something came in; a row of points at nothing would say nothing.
const something = (plot, series) => plot.data[series].flatMap((value, index) => (value ? [index] : []));

// Half a bar of room on both sides.
function pad(low, high, step) {
  const half = step === "hour" ? 1800 : 43_200;
  return [low - half, high + half];
}

export function Chart({ periods, step }) {
  const place = useRef(null);
  const [at, setAt] = useState(null);
  const [look, setLook] = useState(0);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    watch.observe(place.current);
    // other colours need another drawing
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const again = () => setLook((n) => n + 1);
    dark.addEventListener("change", again);
    const chosen = new MutationObserver(again);
    chosen.observe(document.documentElement, { attributeFilter: ["data-colours"] });
    return () => {
      watch.disconnect();
      chosen.disconnect();
      dark.removeEventListener("change", again);
    };
  }, []);
  const key = JSON.stringify(periods);
  useEffect(() => {
    if (!width || !periods.length) return undefined;
    const plot = new uPlot(options(width, step, periods, (index) => setAt(index ?? null)), columns(periods), place.current);
    return () => plot.destroy();
  }, [key, step, width, look]);
  const point = at === null ? null : periods[at];
  const total = (name) => (point ? point[name] : periods.reduce((sum, each) => sum + each[name], 0));
  return html`<div class="chart" ref=${place} aria-hidden="true" style=${{ minHeight: HEIGHT }}></div>
    <p class="legend">
      ${SERIES.map((name) => html`<span key=${name} class=${name}><i aria-hidden="true"></i>${t(`count.${name}`)} <b>${number(total(name))}</b></span>`)}
      <span class="quiet when">${point ? written(step).format(new Date(point.at)) : t("home.total")}</span>
    </p>`;
}
