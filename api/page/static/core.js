// What every place is made with: words, times, calls, events, who is there, and what draws.
export * from "./core/api.js";
export * from "./core/live.js";
export * from "./core/loading.js";
export * from "./core/moments.js";
export * from "./core/preferences.js";
export * from "./core/reasons.js";
export * from "./core/route.js";
export * from "./core/session.js";
export * from "./core/signal.js";
export * from "./core/view.js";
export * from "./core/words.js";
