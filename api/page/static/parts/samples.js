// Code to copy, in several languages: samples/send.json, samples/verify.json. `{name}` is filled from `values`.
import { html, useEffect, useState } from "../core/view.js";
import { fill, load, t } from "../core/words.js";
import { Code } from "./copy.js";
import { Segments } from "./fields.js";

export function Samples({ of, values = {} }) {
  const [samples, setSamples] = useState({});
  const [chosen, setChosen] = useState("");
  useEffect(() => void load(`samples/${of}`).then(setSamples), []);
  const names = Object.keys(samples);
  const shown = chosen || names[0];
  return shown && html`<${Segments} label=${t("samples.language")} value=${shown} onChange=${setChosen} options=${names.map((name) => [name, name])} />
    <${Code} text=${fill(samples[shown].join("\n"), values)} label=${shown} />`;
}
