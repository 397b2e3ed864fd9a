import { Signal, get, html, onEvent, t, useEffect, useSignal } from "../core.js";

const MOST = 100;
const unread = new Signal(0);
let users = 0;
let end = () => {};
let timer = 0;

export async function countUnread() {
  try {
    const page = await get("/v1/conversations", { unread: true, limit: MOST });
    unread.set(page.conversations.length);
  } catch {
    // it is counted again with the next event
  }
}

function soon() {
  timer ||= setTimeout(() => {
    timer = 0;
    countUnread();
  }, 300);
}

export function useUnread() {
  useEffect(() => {
    users += 1;
    if (users === 1) {
      countUnread();
      end = onEvent((event) => (!event || event.name === "message.received") && soon());
      addEventListener("focus", soon);
    }
    return () => {
      users -= 1;
      if (users) return;
      end();
      removeEventListener("focus", soon);
    };
  }, []);
  return useSignal(unread);
}

export function Unread({ count }) {
  if (!count) return null;
  const shown = count >= MOST ? `${MOST - 1}+` : count;
  return html`<span class="unread"><span aria-hidden="true">${shown}</span>
    <span class="hidden">${t("unread", { n: count })}</span></span>`;
}
