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
  history.replaceState(null, "", to(...parts));
  here.set(read());
}
