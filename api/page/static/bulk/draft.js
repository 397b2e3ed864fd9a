import { Moment, brief, get, html, lasted, number, patch, post, t, to, useDeed, useEffect, useRef, useState } from "../core.js";
import { Choice, Confirm, Facts, Text, Trouble } from "../parts.js";

export function Draft({ batch, set }) {
  const path = `/v1/batches/${batch.id}`;
  const [text, setText] = useState(batch.text);
  const [lines, setLines] = useState([]);
  const [asked, setAsked] = useState(false);
  const box = useRef(null);
  useEffect(() => void get("/v1/lines").then((answer) => setLines(answer.lines), () => {}), []);
  // one after the other: the answer to the text, come behind that to the column, would show a file without one for good
  const before = useRef(Promise.resolve());
  const save = useDeed((what) => {
    const saved = before.current.then(() => patch(path, what)).then(set);
    before.current = saved.catch(() => {});
    return saved;
  });
  const start = useDeed(async () => set(await post(`${path}/start`, batch.same_as.length ? { again: true } : {})));
  // the text is kept as it is typed, so that counts and preview follow
  useEffect(() => {
    if (text === batch.text) return undefined;
    const timer = setTimeout(() => save.run({ text }), 400);
    return () => clearTimeout(timer);
  }, [text, batch.text]); // an answer may bring a text that was changed back meanwhile
  const insert = (name) => {
    const { selectionStart, selectionEnd } = box.current;
    box.current.setRangeText(`{${name}}`, selectionStart, selectionEnd, "end");
    setText(box.current.value);
    box.current.focus();
  };
  const ready = batch.sendable > 0 && text.trim() && text === batch.text && batch.number_column;
  return html`${batch.same_as.length > 0 && html`<p class="notice ask" role="alert"><span>${t("bulk.same")}
      ${batch.same_as.map((each) => html` <a key=${each.id} href=${to("bulk", each.id)}>${each.name}</a> (<${Moment} at=${each.created_at} as=${brief} />)`)}</span></p>`}
    <div class="pair">
      <section class="card"><h2>${t("bulk.write")}</h2>
        <${Choice} label=${t("bulk.number_column")} value=${batch.number_column} onInput=${(number_column) => save.run({ number_column })}
          options=${[...(batch.number_column ? [] : [["", t("bulk.choose_column")]]), ...batch.columns.map((each) => [each.name, sample(each)])]} />
        <div class="field"><label for="bulk-text">${t("compose.text")}</label>
          <textarea id="bulk-text" ref=${box} rows="5" dir="auto" value=${text} onInput=${(event) => setText(event.target.value)}
            placeholder=${t("bulk.text.example")}></textarea>
          <div class="chips small" role="group" aria-label=${t("bulk.places")}>${batch.columns.map((each) => html`<button type="button" key=${each.name}
            onClick=${() => insert(each.name)}>{${each.name}}</button>`)}</div></div>
        <${Trouble} error=${save.error} />
        <details><summary>${t("bulk.more")}</summary>
          <${Kept} label=${t("bulk.country")} hint=${t("bulk.country.hint")} value=${batch.country} maxlength="2" onChange=${(event) => save.run({ country: event.target.value.toUpperCase() })} />
          ${lines.length > 1 && html`<${Choice} label=${t("compose.line")} value=${batch.line} onInput=${(line) => save.run({ line })}
            options=${[["", t("compose.line.any")], ...lines.map((each) => [each.name, each.name])]} />`}
          <${Kept} label=${t("bulk.pace")} hint=${t("bulk.pace.hint")} type="number" min="0" value=${batch.per_minute || ""}
            onChange=${(event) => save.run({ per_minute: Number(event.target.value) })} />
          <${Kept} label=${t("compose.when")} hint=${t("compose.when.hint")} type="datetime-local" value=${local(batch.not_before)}
            onChange=${(event) => save.run({ not_before: event.target.value ? new Date(event.target.value).toISOString() : 0 })} />
        </details>
      </section>
      <section class="card" aria-live="polite"><h2>${t("bulk.sum")}</h2>
        <${Facts} kind="facts sum" of=${[
          [t("bulk.sendable"), html`<b>${number(batch.sendable)}</b>`], [t("bulk.parts"), number(batch.parts)],
          ...["bad", "duplicates", "suppressed"].map((name) => batch[name] > 0 && [t(`bulk.${name}`), number(batch[name])]),
          batch.per_minute > 0 && [t("bulk.takes"), lasted((batch.sendable / batch.per_minute) * 60_000)],
        ]} />
        <p class="deeds"><button type="button" class="primary" disabled=${!ready || save.busy || start.busy} onClick=${() => setAsked(true)}>
          ${t("bulk.send", { n: batch.sendable })}</button></p>
        ${!text.trim() && html`<p class="quiet">${t("bulk.no_text")}</p>`}
        <${Trouble} error=${start.error} />
      </section>
    </div>
    ${asked && html`<${Confirm} title=${t("bulk.sure")} text=${t(batch.same_as.length ? "bulk.sure.again" : "bulk.sure.text", { n: batch.parts })}
      act=${t("bulk.send", { n: batch.sendable })} danger=${batch.same_as.length > 0} deed=${start} onClose=${() => setAsked(false)} />`}`;
}

// A field that is kept when it is left; what is loaded meanwhile does not take back what is being typed.
function Kept({ value, ...more }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return html`<${Text} ...${more} value=${typed} onInput=${setTyped} />`;
}

const sample = ({ name, samples }) => (samples.length ? `${name} (${samples[0].slice(0, 24)})` : name);

// A moment as its field wants it: the clock on the wall, without a zone.
function local(at) {
  if (!at) return "";
  const date = new Date(at);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
