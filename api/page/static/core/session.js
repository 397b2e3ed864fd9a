// Who is signed in. The browser holds the session in a cookie that scripts cannot read; every call sends the
// session's token along, so that no other site can have it done.
import { credentials, get, post, put, remove } from "./api.js";
import { Signal } from "./signal.js";

const ROLES = ["reader", "operator", "owner"];

// { user: {name, role, totp, …} | null, setup }; null until the bridge was asked
export const session = new Signal(null);

let csrf = "";

credentials.headers = () => ({ "SMS-Bridge-CSRF": csrf });
credentials.refused = () => {
  // who is before the door is told by the form what was wrong
  if (session.value?.user) lookForSession(true);
};

function enter(answer) {
  csrf = answer.csrf || "";
  session.set(answer);
}

export async function lookForSession(ended = false) {
  enter({ ...(await get("/v1/session")), ended });
}

// Raises a Problem with `field` "code" where a one-time code is needed as well.
export async function signIn(name, password, code) {
  enter(await post("/v1/session", { name, password, ...(code ? { code } : {}) }));
}

export const linkMeans = (link) => post("/v1/session/link", { link });

// The first visit, or one by a one-time link: chooses a password and is signed in.
export async function welcome({ link, name, password }) {
  enter(await post("/v1/session/welcome", { ...(link ? { link } : {}), ...(name ? { name } : {}), password }));
}

export async function signOut(everywhere = false) {
  await remove(`/v1/session${everywhere ? "?everywhere=true" : ""}`);
  await lookForSession();
}

export const changePassword = (old, fresh) => put("/v1/session/password", { old, new: fresh });
export const beginCodes = (password) => post("/v1/session/totp", { password });

export async function confirmCodes(code) {
  const { recovery_codes: codes } = await put("/v1/session/totp", { code });
  await lookForSession();
  return codes;
}

export async function endCodes(password) {
  await remove("/v1/session/totp", { body: { password } });
  await lookForSession();
}

// Whether the person may do what needs this role.
export function may(role) {
  return ROLES.indexOf(session.value?.user?.role) >= ROLES.indexOf(role);
}
