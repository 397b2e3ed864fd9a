// Where in the page we are: what stands after # in the address.
import { Signal, useSignal } from "./signal.js";

function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map((each) => {
    try {
      return decodeURIComponent(each);
    } catch {
      return each; // somebody typed a lone %
    }
  });
  return { name: parts[0] || "home", parts: parts.slice(1), query: Object.fromEntries(new URLSearchParams(query)) };
}

const here = new Signal(read());
addEventListener("hashchange", () => here.set(read()));

export const useRoute = () => useSignal(here);

// The address of a place: to("messages", "ab12"), or with filters: to("messages", { state: "failed" })
export function to(...parts) {
  const filters = parts.length && typeof parts.at(-1) === "object" ? parts.pop() : {};
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${query && `?${query}`}`;
}

export function go(...parts) {
  location.hash = to(...parts);
}

// The same without a step to go back to: for filters as they are typed.
export function become(...parts) {
  history.replaceState(history.state, "", to(...parts));
  here.set(read());
}

// What closes each dialog that is open, the last on top. Each is a step of the browser's history: going back takes it
// away and leaves the place as it is.
const dialogs = [];
let returning = false;
const depth = () => history.state?.dialogs || 0;

// Steps of dialogs that are no more, as after a reload or on the way back from elsewhere, are passed over.
function align() {
  while (!returning && depth() < dialogs.length) history.pushState({ dialogs: depth() + 1 }, "");
  if (returning || depth() === dialogs.length) return;
  returning = true;
  history.go(dialogs.length - depth());
}

addEventListener("popstate", () => {
  while (!returning && dialogs.length > depth()) dialogs.pop()();
  returning = false;
  align();
});
align();

// Returns what ends the step. One that ends as another begins is the same step of the history.
export function stepInto(close) {
  dialogs.push(close);
  queueMicrotask(align);
  return () => {
    if (dialogs.includes(close)) dialogs.splice(dialogs.indexOf(close), 1);
    queueMicrotask(align);
  };
}
