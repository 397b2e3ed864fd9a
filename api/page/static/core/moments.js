import { html, useEffect, useState } from "./view.js";
import { locale, t } from "./words.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formats = new Map();

function format(options) {
  const key = locale + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, options));
  return formats.get(key);
}

export const clock = (at) => format({ timeStyle: "short" }).format(new Date(at));
export const clockWithSeconds = (at) => format({ timeStyle: "medium" }).format(new Date(at));
export const whole = (at) => format({ dateStyle: "full", timeStyle: "medium" }).format(new Date(at));
export const number = (value) => value.toLocaleString(locale);
export const percent = (value) => (value / 100).toLocaleString(locale, { style: "percent" });

const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);

// "Today", "Yesterday", "Tuesday, 3 March"
export function dayOf(at) {
  const days = Math.round((midnight(Date.now()) - midnight(at)) / DAY);
  if (days === 0) return t("time.today");
  if (days === 1) return t("time.yesterday");
  const sameYear = new Date(at).getFullYear() === new Date().getFullYear();
  return format({ weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) })
    .format(new Date(at));
}

// Short, for lists: "14:05" today, "Tue" this week, "3 Mar", "3 Mar 2025"
export function brief(at) {
  const days = Math.round((midnight(Date.now()) - midnight(at)) / DAY);
  if (days === 0) return clock(at);
  if (days === 1) return t("time.yesterday");
  if (days > 1 && days < 7) return format({ weekday: "short" }).format(new Date(at));
  const sameYear = new Date(at).getFullYear() === new Date().getFullYear();
  return format({ day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) }).format(new Date(at));
}

// "just now", "5 minutes ago", then as `brief`
export function ago(at) {
  const passed = Date.now() - new Date(at);
  if (passed < MINUTE) return t("time.now");
  if (passed < HOUR) return t("time.minutes", { n: Math.floor(passed / MINUTE) });
  if (passed < DAY) return t("time.hours", { n: Math.floor(passed / HOUR) });
  return brief(at);
}

// How long something took, in words: milliseconds → "0.3 s", "4 min"
export function lasted(ms) {
  const unit = (value, name) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 1 })
      .format(value);
  if (ms && ms < 1000) return unit(ms, "millisecond");
  if (ms < MINUTE) return unit(ms / 1000, "second");
  if (ms < HOUR) return unit(ms / MINUTE, "minute");
  if (ms < 2 * DAY) return unit(ms / HOUR, "hour");
  return unit(ms / DAY, "day");
}

function useMinutes() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), MINUTE / 2);
    return () => clearInterval(timer);
  }, []);
}

export function Moment({ at, as = brief }) {
  useMinutes();
  if (!at) return null;
  return html`<time datetime=${at} title=${whole(at)}>${as(at)}</time>`;
}
