// Who is signed in. A person signs in with a name and a password; the browser holds the session in a cookie that
// scripts cannot read. Before there are people, an API key does, kept in memory until the page is closed.
import { Problem, credentials, get, post, remove } from "./api.js";
import { Signal } from "./signal.js";

const ROLES = ["reader", "operator", "owner"];

// { user: {name, role, …} | null, setup, version }; null until the bridge was asked
export const session = new Signal(null);

let csrf = "";
let key = "";

credentials.headers = (method) => {
  if (key) return { Authorization: `Bearer ${key}` };
  return method === "GET" ? {} : { "SMS-Bridge-CSRF": csrf };
};
credentials.refused = () => {
  key = "";
  if (session.value?.user) session.set({ ...session.value, user: null, ended: true });
};

function enter(answer) {
  csrf = answer.csrf || "";
  session.set(answer);
}

export async function lookForSession() {
  try {
    enter(await get("/v1/session"));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
    session.set({ user: null, setup: "key", version: "" });
  }
}

// Raises a Problem with `field` "code" where a one-time code is needed as well.
export async function signIn(name, password, code) {
  enter(await post("/v1/session", { name, password, ...(code ? { code } : {}) }));
}

export async function signInByKey(given) {
  key = given.trim();
  try {
    const account = await get("/v1/me");
    session.set({ ...session.value, user: { name: account.name, role: account.operator ? "owner" : "operator" } });
  } catch (error) {
    key = "";
    throw error;
  }
}

export const linkMeans = (link) => post("/v1/session/link", { link });

// The first visit, or one by a one-time link: chooses a password and is signed in.
export async function welcome({ link, name, password }) {
  enter(await post("/v1/session/welcome", { ...(link ? { link } : {}), ...(name ? { name } : {}), password }));
}

export async function signOut(everywhere = false) {
  if (!key) await remove(`/v1/session${everywhere ? "?everywhere=true" : ""}`);
  key = "";
  csrf = "";
  if (session.value.setup === "key") session.set({ ...session.value, user: null });
  else await lookForSession();
}

// Whether the person may do what needs this role.
export function may(role) {
  return ROLES.indexOf(session.value?.user?.role) >= ROLES.indexOf(role);
}
