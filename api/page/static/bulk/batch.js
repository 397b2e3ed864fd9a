import { go, html, may, post, remove, t, to, useDeed, useEffect, useLoad, useState } from "../core.js";
import { Confirm, State, Trouble, Waiting } from "../parts.js";
import { OUT } from "../home/today.js";
import { Draft } from "./draft.js";
import { Progress, open, stateOf } from "./progress.js";
import { Rows } from "./rows.js";

// ms after which the bridge counts anew
const COUNTED = 2500;

export function Batch({ id }) {
  const path = `/v1/batches/${id}`;
  // what was sent may be reported for days, and first while the last look at what waits is answered
  const ofMessages = { when: (event) => /^message\.(?!received|typed)/.test(event.name), wait: COUNTED };
  const { data: batch, error, loading, reload, change } = useLoad(path, {}, ofMessages);
  const [asked, setAsked] = useState(false);
  const moving = batch && open(batch, OUT.waiting);
  useEffect(() => {
    const timer = moving && setInterval(reload, 1500);
    return () => clearInterval(timer);
  }, [moving]);
  const set = (made) => change(() => made);
  const end = useDeed(() => remove(path), () => go("bulk"));
  return html`<header class="top">
      <h1 class="brief"><a class="up" href=${to("bulk")}>${t("place.bulk")}</a> <span dir="auto">${batch?.name}</span></h1>
      ${batch && html`<span class="acts"><${State} state=${stateOf(batch)} kind="batch" />
        ${may("operator") && !open(batch) && html`<button type="button" onClick=${() => setAsked(true)}>${t("bulk.remove")}</button>`}</span>`}
    </header>
    <${Trouble} error=${error || end.error} retry=${reload} />
    ${loading && html`<${Waiting} />`}
    ${batch && (batch.state === "draft" && may("operator")
      ? html`<${Draft} batch=${batch} set=${set} />`
      : html`<${Progress} batch=${batch} act=${async (what) => set(await post(`${path}/${what}`))} />`)}
    ${batch && html`<${Rows} batch=${batch} />`}
    ${asked && html`<${Confirm} title=${t("bulk.remove")} what=${batch.name} text=${t("bulk.remove.text")} act=${t("bulk.remove")} deed=${end}
      onClose=${() => setAsked(false)} />`}`;
}
