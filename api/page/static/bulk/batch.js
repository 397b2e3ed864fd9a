// One file: made ready as a draft, then followed while it is sent.
import { post, remove } from "../core/api.js";
import { useDeed, useLoad } from "../core/loading.js";
import { go, to } from "../core/route.js";
import { html, useEffect, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { OUT } from "../home/today.js";
import { Confirm } from "../parts/dialog.js";
import { Trouble, Waiting } from "../parts/notice.js";
import { State } from "../parts/state.js";
import { may } from "../core/session.js";
import { Draft } from "./draft.js";
import { Progress, open, stateOf } from "./progress.js";
import { Rows } from "./rows.js";

export function Batch({ id }) {
  const path = `/v1/batches/${id}`;
  const { data: batch, error, loading, reload, change } = useLoad(path);
  const [asked, setAsked] = useState(false);
  const moving = batch && open(batch, [...OUT.waiting, "sent"]);
  useEffect(() => {
    const timer = moving && setInterval(reload, 1500);
    return () => clearInterval(timer);
  }, [moving]);
  const set = (made) => change(() => made);
  const end = useDeed(async () => {
    await remove(path);
    go("bulk");
  });
  return html`<header class="top">
      <h1><a class="up" href=${to("bulk")}>${t("place.bulk")}</a> <span dir="auto">${batch?.name}</span></h1>
      ${batch && html`<span class="acts"><${State} state=${stateOf(batch)} kind="batch" />
        ${may("operator") && !open(batch) && html`<button type="button" onClick=${() => setAsked(true)}>${t("bulk.remove")}</button>`}</span>`}
    </header>
    <${Trouble} error=${error || end.error} retry=${reload} />
    ${loading && html`<${Waiting} />`}
    ${batch && (batch.state === "draft" && may("operator")
      ? html`<${Draft} batch=${batch} set=${set} />`
      : html`<${Progress} batch=${batch} act=${async (what) => set(await post(`${path}/${what}`))} />`)}
    ${batch && html`<${Rows} batch=${batch} />`}
    ${asked && html`<${Confirm} title=${t("bulk.remove")} text=${t("bulk.remove.text")} act=${t("bulk.remove")} deed=${end}
      onClose=${() => setAsked(false)} />`}`;
}
