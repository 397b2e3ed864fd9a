// How many SMS a text takes and why, by the rules of the bridge itself (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24).
const DEFAULT = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
// sent as an escape and a second septet, so each costs two
const EXTENSION = new Set("\f^{}\\[~]|€");

// What one SMS holds, and what each of several holds: septets, or UTF-16 units.
const GSM7 = { name: "GSM-7", single: 160, part: 153 };
const UCS2 = { name: "UCS-2", single: 70, part: 67 };

// Characters that office programs and phones put into texts by themselves → what a plain SMS has for them.
const PLAIN = {
  "’": "'", "‘": "'", "‚": "'", "′": "'", "`": "'", "´": "'",
  "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"',
  "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "•": "-", "·": "-", "×": "x",
  "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2003": " ", "\u200b": "", "\u200d": "", "\ufeff": "", "\t": " ",
};

const cost = (alphabet, char) => (alphabet === UCS2 ? char.length : EXTENSION.has(char) ? 2 : 1);
const fits = (char) => DEFAULT.has(char) || EXTENSION.has(char);

// An escape and its septet, or the two halves of a character, stay together, as in the bridge.
function count(text, alphabet) {
  const costs = [...text].map((char) => cost(alphabet, char));
  const used = costs.reduce((sum, each) => sum + each, 0);
  if (used <= alphabet.single) return { parts: 1, used, left: alphabet.single - used };
  let parts = 1;
  let inPart = 0;
  for (const each of costs) {
    if (inPart + each > alphabet.part) {
      parts += 1;
      inPart = 0;
    }
    inPart += each;
  }
  return { parts, used, left: alphabet.part - inPart };
}

// { encoding, parts, used, left, characters, dear, plain }: `dear` are the characters that make the whole text UCS-2,
// each once; `few` says that they could be done without, unlike in Chinese; `plain` is the text with those replaced that a plain character can stand for, "" where it changes nothing.
export function measure(text) {
  const all = [...text];
  const others = all.filter((char) => !fits(char));
  const dear = [...new Set(others)];
  const alphabet = dear.length ? UCS2 : GSM7;
  const replaceable = dear.filter((char) => char in PLAIN);
  const plain = replaceable.length ? all.map((char) => (fits(char) ? char : PLAIN[char] ?? char)).join("") : "";
  return { encoding: alphabet.name, characters: all.length, ...count(text, alphabet), dear, few: others.length * 2 < all.length, plain };
}

// A character as one can name it: spaces by their code.
export function named(char) {
  return /\s|\u200b|\u200d|\ufeff/.test(char) ? `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` : char;
}
