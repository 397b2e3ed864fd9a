import { html, useEffect, useRef, useState } from "../core/view.js";
import uPlot from "../vendor/uplot.js";

export const bars = uPlot.paths.bars;
export const lines = uPlot.paths.linear;
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export function plain(height, onPoint) {
  const axis = { stroke: colour("quiet"), grid: { stroke: colour("edge"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  return {
    axis,
    height,
    legend: { show: false },
    padding: [10, 8, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { setScale: false, x: false } },
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

// `draw()` gives { options, columns }; it is drawn anew when `from`, of which it is made, is another.
export function Plot({ height, from, draw }) {
  const place = useRef(null);
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
  useEffect(() => {
    const made = width && draw();
    if (!made) return undefined;
    const plot = new uPlot({ width, ...made.options }, made.columns, place.current);
    return () => plot.destroy();
  }, [from, width, look]);
  return html`<div class="chart" ref=${place} aria-hidden="true" style=${{ minHeight: `${height}px` }}></div>`;
}
