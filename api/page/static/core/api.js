// Calls to the native API. What it answers with a problem (RFC 9457) is thrown as a Problem.
import { reason } from "./reasons.js";
import { t } from "./words.js";

const PREFIX = document.querySelector('meta[name="api"]').content;
// a demo has a virtual network around it
export const DEMO = Boolean(document.querySelector('meta[name="demo"]').content);
// a proxy may have the bridge below a path of its own
const ROOT = new URL(".", location.href).pathname.replace(/\/$/, "") + PREFIX;

// Whose credentials go along: core/session.js sets them. Nothing of them is kept in the browser's storage.
export const credentials = { headers: () => ({}), refused: () => {} };

export class Problem extends Error {
  constructor(status, { type = "", detail = "", field = "" }) {
    super(reason(detail) || t("problem.status", { status }));
    this.status = status;
    this.kind = type.split(":").pop();
    this.field = field;
  }
}

// What stops us before the bridge answers: no network, or the bridge is down.
export class Unreachable extends Error {
  constructor() {
    super(t("problem.unreachable"));
  }
}

export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const written = new URLSearchParams(given).toString();
  return ROOT + path + (written && `?${written}`);
}

export async function ask(method, path, { query, body, file, headers = {}, signal } = {}) {
  const sent = { method, signal, cache: "no-store", headers: { ...headers, ...credentials.headers() } };
  if (file) {
    sent.body = file;
    sent.headers["Content-Type"] = file.type;
  } else if (body !== undefined) {
    sent.body = JSON.stringify(body);
    sent.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(address(path, query), sent);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  if (file && answer.status === 413) said.detail = t("problem.file");
  const problem = new Problem(answer.status, said);
  if (answer.status === 401) credentials.refused();
  throw problem;
}

// What is looked for need not be there.
export function absent(problem) {
  if (problem.status !== 404) throw problem;
}

async function read(method, path, how) {
  const answer = await ask(method, path, how);
  return answer.status === 204 ? null : answer.json();
}

export const get = (path, query, how) => read("GET", path, { query, ...how });
export const post = (path, body, how) => read("POST", path, { body, ...how });
// An SMS whose answer did not come is the same one when it is asked for again, for ten minutes.
const unsure = {};
export async function submit(message) {
  const said = JSON.stringify(message);
  const forget = () => delete unsure[said];
  if (!unsure[said]) setTimeout(forget, 600_000);
  unsure[said] ||= `${Date.now()} ${Math.random()}`;
  const made = await post("/v1/messages", message, { headers: { "Idempotency-Key": unsure[said] } });
  forget();
  return made;
}

export const put = (path, body) => read("PUT", path, { body });
export const patch = (path, body) => read("PATCH", path, { body });
export const remove = (path, how) => read("DELETE", path, how);
