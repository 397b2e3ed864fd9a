// The page's own drawings, 24 by 24, in lines of the text's colour. They never stand for a word alone, so that
// screen readers pass over them.
import { html } from "../core/view.js";

const DRAWINGS = {
  home: "M4 11l8-7 8 7M6 10v9h12v-9",
  chats: "M4 5h16v11H10l-4 4v-4H4z",
  messages: "M4 6h16M4 12h16M4 18h10",
  bulk: "M5 4h10l4 4v12H5zM8 12h8M8 16h8M8 8h3",
  contacts: "M12 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM5 20c.6-4 3.3-6 7-6s6.4 2 7 6",
  webhooks: "M9 8L5 12l4 4M15 8l4 4-4 4M13 6l-2 12",
  virtual: "M7 3h10v18H7zM11 18h2",
  lines: "M5 20v-4M10 20v-8M15 20V8M20 20V4",
  stop: "M12 21a9 9 0 100-18 9 9 0 000 18zM6 6l12 12",
  accounts: "M8 15a4 4 0 113.5-6H21v4h-2v3h-3v-3h-4.5A4 4 0 018 15z",
  people: "M9 11a3 3 0 100-6 3 3 0 000 6zM3 19c.5-3.5 2.8-5 6-5s5.5 1.5 6 5M16 5.5a3 3 0 010 5.5M17.5 14.5c2 .6 3.2 2 3.5 4.5",
  audit: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9a2 2 0 100-4 2 2 0 000 4zM9 19a2 2 0 100-4 2 2 0 000 4z",
  first: "M12 3v4M12 17v4M3 12h4M17 12h4M6 6l2.5 2.5M15.5 15.5L18 18M18 6l-2.5 2.5M8.5 15.5L6 18",
  search: "M11 18a7 7 0 100-14 7 7 0 000 14zM16 16l4.5 4.5",
  plus: "M12 5v14M5 12h14",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 4l9 16H3zM12 10v4M12 17v.5",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M4 12l16-8-6 16-3-6z",
  out: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  upload: "M12 16V5M7 10l5-5 5 5M5 19h14",
  download: "M12 5v11M7 11l5 5 5-5M5 20h14",
};

export function Icon({ name, size = 20 }) {
  return html`<svg class="icon" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${DRAWINGS[name]} /></svg>`;
}
