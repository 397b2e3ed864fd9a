import { chosen } from "./preferences.js";

export const LANGUAGES = { en: "English", zh: "中文" };

let words = {};
let plurals = new Intl.PluralRules("en");
export let language = "en";
// for numbers and times: the browser's own form of the language
export let locale = "en";

// The language that was chosen here, or the first of the browser's that there is.
function wanted() {
  const all = [chosen("language"), ...navigator.languages].map((each) => each.split("-")[0]);
  return all.find((each) => each in LANGUAGES) || "en";
}

export const load = async (name) => (await fetch(new URL(`../${name}.json`, import.meta.url))).json();

export async function loadWords() {
  const name = wanted();
  words = await load(`words/${name}`);
  language = name;
  locale = navigator.languages.find((each) => each.split("-")[0] === name) || name;
  plurals = new Intl.PluralRules(name);
  document.documentElement.lang = name === "zh" ? "zh-Hans" : name;
}

// The words under a key, with {name} filled from `values`; a key with forms is told apart by `values.n`.
export function t(key, values = {}) {
  let text = words[key];
  if (text && typeof text === "object") text = text[plurals.select(values.n)] || text.other;
  if (text === undefined) return key;
  return fill(text, values);
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(locale) : value;
  });
}

// Whether there are words under a key: for words that the bridge sends and the page may not know.
export function has(key) {
  return key in words;
}
