// What the bridge says, in English and to programs as well, in the language of the page: reasons/zh.json. What no
// pattern fits stays as it was said.
import { language, load } from "./words.js";

let patterns = [];

export async function loadReasons() {
  patterns = [];
  if (language === "en") return;
  const words = (said) => said.replace(/\{\w+\}/g, "").length;
  // of those that fit, the one that says most itself
  const all = Object.entries(await load(`reasons/${language}`)).sort(([one], [other]) => words(other) - words(one));
  patterns = all.map(([said, ours]) => [
    new RegExp(`^${said.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.*?)")}$`, "i"), ours,
  ]);
}

export function reason(text) {
  // a mark for programs
  const said = text?.replace(/^MBBLACK: /, "");
  return said && patterns.length ? said.split("\n").map(whole).join("\n") : said;
}

function whole(text) {
  const end = text.endsWith(".");
  const bare = end ? text.slice(0, -1) : text;
  for (const [pattern, ours] of patterns) {
    const { groups } = pattern.exec(bare) || {};
    if (groups || pattern.test(bare)) return ours.replace(/\{(\w+)\}/g, (_, name) => whole(groups[name])) + (end ? "。" : "");
  }
  const sentences = text.split(/(?<=\.) (?=[A-Z])/);
  return sentences.length > 1 ? sentences.map(whole).join("") : text;
}
