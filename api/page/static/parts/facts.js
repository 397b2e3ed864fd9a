import { html } from "../core/view.js";

// [name, value] each; what has no value is left out.
export function Facts({ of, kind = "facts" }) {
  return html`<dl class=${kind}>${of.filter((each) => each && each[1])
    .map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl>`;
}
