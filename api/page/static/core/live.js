// Events as they happen, from /v1/events. A stream that breaks, or that a sleeping laptop missed, goes on where it
// ended: each event is heard once and none is left out.
import { ask } from "./api.js";
import { Signal } from "./signal.js";
import { useEffect } from "./view.js";

// the bridge writes at least every 15 s
const SILENCE = 40_000;
const SHORTEST = 1_000;
const LONGEST = 30_000;
// after so long, what was missed is looked up instead of heard one by one
const AGES = 600_000;

// "live", "connecting", "off"
export const connection = new Signal("off");

const listeners = new Set();
let last = "";
let running = null;
let heard = 0;
let wake = () => {};
let attempt = new AbortController();

// Returns what ends it. A listener gets each event, and null when it should look at everything again.
export function onEvent(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useEvents(listener, inputs) {
  useEffect(() => onEvent(listener), inputs);
}

function tell(event) {
  for (const listener of [...listeners]) {
    try {
      listener(event);
    } catch (error) {
      console.error(error);
    }
  }
}

// Resolves when the stream is open, or cannot be opened for now.
export function startLive() {
  stopLive();
  running = new AbortController();
  last = "";
  return new Promise((resolve) => void follow(running.signal, resolve));
}

export function stopLive() {
  running?.abort();
  running = null;
  wake();
  connection.set("off");
}

// What silence does: the stream is opened again.
export function interrupt() {
  attempt.abort();
}

async function follow(over, opened) {
  let pause = SHORTEST;
  let broke = 0;
  while (!over.aborted) {
    attempt = new AbortController();
    const end = interrupt;
    over.addEventListener("abort", end);
    const watch = setInterval(() => Date.now() - heard > SILENCE && interrupt(), SILENCE / 8);
    try {
      connection.set("connecting");
      heard = Date.now();
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await ask("GET", "/v1/events", { headers, signal: attempt.signal });
      connection.set("live");
      opened();
      pause = SHORTEST;
      // without a position, nobody can say what was missed
      if (broke && (!last || Date.now() - broke > AGES)) tell(null);
      broke = 0;
      await take(answer.body.pipeThrough(new TextDecoderStream()).getReader());
    } catch {
      // it is tried again; who is signed out stops all this
    } finally {
      clearInterval(watch);
      over.removeEventListener("abort", end);
    }
    opened();
    if (over.aborted) return;
    broke ||= Date.now();
    connection.set("connecting");
    await rest(pause);
    pause = Math.min(pause * 2, LONGEST);
  }
}

function rest(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

// A machine that wakes up, or gets its network back, does not wait.
addEventListener("online", () => wake());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());

async function take(reader) {
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard = Date.now();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) understand(block);
  }
}

// One event: lines of "id: 7", "event: …", "data: {…}"; comments begin with a colon.
function understand(block) {
  const fields = Object.fromEntries(
    block.split("\n").filter((line) => line && !line.startsWith(":")).map((line) => {
      const at = line.indexOf(": ");
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  if (!fields.data) return;
  last = fields.id;
  tell(JSON.parse(fields.data));
}
