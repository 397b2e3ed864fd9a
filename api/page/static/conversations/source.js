// Conversations, put together from what was sent and what came in.
import { get } from "../core/api.js";

const EACH = 200;

const out = (message) => ({ direction: "out", at: message.created_at, message });
const came = (received) => ({ direction: "in", at: received.received_at, received });
const newest = (one, other) => other.at.localeCompare(one.at);

export async function listConversations(keyword) {
  const [sent, received] = await Promise.all([
    get("/v1/messages", { limit: EACH, keyword }),
    get("/v1/inbox", { limit: EACH, keyword }),
  ]);
  const found = new Map();
  for (const entry of [...sent.messages.map(out), ...received.messages.map(came)].sort(newest)) {
    const { message, received: inbound } = entry;
    const number = message ? message.to : inbound.from;
    const known = found.get(number) || {
      number, name: null, unread: 0, suppressed: false, at: entry.at,
      last: { direction: entry.direction, text: (message || inbound).text, state: message?.state ?? null },
    };
    if (inbound && !inbound.read) known.unread += 1;
    found.set(number, known);
  }
  return { conversations: [...found.values()], cursor: null };
}

export async function loadThread(number) {
  const [sent, received] = await Promise.all([
    // a name can write, but nothing can be sent to it
    /^\+?\d+$/.test(number) ? get("/v1/messages", { limit: EACH, to: number }) : { messages: [] },
    get("/v1/inbox", { limit: EACH, from: number }),
  ]);
  const entries = [...sent.messages.map(out), ...received.messages.map(came)].sort(newest).slice(0, EACH);
  return { number, contact: null, suppressed: null, entries, cursor: null };
}

export const markRead = (number) => get("/v1/inbox", { from: number, unread: true, mark_read: true, limit: EACH });
