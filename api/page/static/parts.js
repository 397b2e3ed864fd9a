// What places have in common to be seen: fields, dialogs, notices, states, icons, drawings.
export * from "./parts/copy.js";
export * from "./parts/dialog.js";
export * from "./parts/facts.js";
export * from "./parts/fields.js";
export * from "./parts/icons.js";
export * from "./parts/listed.js";
export * from "./parts/notice.js";
export * from "./parts/plot.js";
export * from "./parts/samples.js";
export * from "./parts/state.js";
