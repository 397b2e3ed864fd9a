import { get, has, html, may, post, reason, t, to, useDeed, useLoad, useState } from "../core.js";
import { Facts, Icon, Trouble, Waiting, say } from "../parts.js";
import { LineCard, NoLines, ofLines } from "./line_card.js";
import { Alarms, Loops } from "./past.js";
import { SignalHistory } from "./signal.js";
import { Sites } from "./sites.js";

export function Lines({ route }) {
  const [name] = route.parts;
  const { data, error, loading, reload } = useLoad("/v1/lines", {}, ofLines);
  const line = data?.lines.find((each) => each.name === name);
  const far = !name && data?.lines.some((each) => each.driver === "bridge_remote");
  const sites = useLoad(far ? "/v1/sites" : null, {}, ofLines);
  const known = sites.data?.sites || [];
  return html`<header class="top">
      <h1>${name ? html`<a class="up" href=${to("lines")}>${t("place.lines")}</a> ${name}` : t("place.lines")}</h1>
    </header>
    <${Trouble} error=${error || sites.error} retry=${error ? reload : sites.reload} />
    ${(loading || sites.loading) && html`<${Waiting} />`}
    ${data && !name && !sites.loading && (data.lines.length
      ? html`<div class="cards">${data.lines.filter((each) => known.every((site) => site.name !== each.device)).map((each) =>
          html`<${LineCard} key=${each.name} line=${each} level="h2" />`)}</div>
        ${known.length > 0 && html`<${Sites} sites=${known} lines=${data.lines} reload=${() => [reload(), sites.reload()]} />`}`
      : html`<${NoLines} />`)}
    ${data?.lines.length > 0 && !name && html`<${Past} lines=${data.lines} />`}
    ${data && name && (line ? html`<${Line} key=${name} line=${line} />` : html`<p class="quiet">${t("place.gone")}</p>`)}`;
}

function Line({ line }) {
  const facts = ["driver", "device", "model", "slot", "registration", "imei", "imsi", "iccid"]
    .filter((each) => each !== "registration" || line.state !== "absent");
  return html`<div class="pair">
    <div><${LineCard} line=${line} level="h2" /><${SignalHistory} line=${line.name} /></div>
    <div><${Examination} device=${line.device} />
      <section class="card"><h2>${t("line.facts")}</h2>
        <${Facts} of=${[...facts.map((each) => [t(`line.${each}`), has(`registration.${line[each]}`) ? t(`registration.${line[each]}`) : line[each]]),
          [t("line.reports"), t(line.reports ? "line.reports.yes" : "line.reports.no")]]} /></section></div>
  </div>
  <${Alarms} line=${line.name} />
  <${Loops} line=${line.name}>${may("operator") && html`<${Loop} from=${line.name} />`}</${Loops}>`;
}

export function Examination({ device }) {
  const look = useDeed(async () => (await get(`/v1/devices/${encodeURIComponent(device)}/examination`)).findings);
  return html`<section class="card"><h2>${t("examine.title")}</h2>
    <p class="quiet">${t("examine.text")}</p>
    <p class="deeds"><button type="button" class="primary" disabled=${look.busy} onClick=${look.run}>
      ${t(look.busy ? "examine.busy" : "examine")}</button></p>
    <${Trouble} error=${look.error} />
    ${look.result && html`<${Findings} findings=${look.result} />`}
  </section>`;
}

function Findings({ findings }) {
  return html`<ul class="findings" role="status">${findings.map((each, index) => {
    const [message, remedy] = told(each);
    return html`<li key=${index} class=${each.level}>
      <${Icon} name=${each.level === "ok" ? "check" : "alert"} size=${18} />
      <div><span class="hidden">${t(`examine.${each.level}`)}: </span><p>${message}</p>
        ${remedy && html`<pre>${remedy}</pre>`}</div>
    </li>`;
  })}</ul>`;
}

// Why a line is not ready is one sentence: what is wrong, a colon and what helps.
function told({ message, remedy }) {
  const whole = `${message}: ${remedy}`;
  const ours = reason(whole);
  const at = ours.indexOf("：");
  const apart = reason(message) !== message || ours === whole || at < 0;
  return apart ? [reason(message), reason(remedy)] : [ours.slice(0, at), ours.slice(at + 1)];
}

function Past({ lines }) {
  const [line, setLine] = useState("");
  const names = ["", ...lines.map((each) => each.name)];
  return html`${lines.length > 1 && html`<div class="chips past-of" role="group" aria-label=${t("history.of")}>${names.map((name) =>
      html`<button type="button" key=${name} aria-pressed=${name === line} onClick=${() => setLine(name)}>${name || t("messages.state.all")}</button>`)}</div>`}
    <${Alarms} key=${`alarms ${line}`} line=${line} />
    <${Loops} key=${`loops ${line}`} line=${line}>${may("operator") && html`<${Loop} from=${line} />`}</${Loops}>`;
}

// Each line writes to the next one, or one line does: whether SMS really go through, at the price of an SMS each.
function Loop({ from }) {
  const loop = useDeed(async () => {
    const { started } = await post("/v1/loopback", from ? { from } : {});
    say(t("loop.started", { n: started.length }));
  });
  return html`<button type="button" disabled=${loop.busy} onClick=${loop.run} title=${t("loop.means")}>${t("loop")}</button>
    <${Trouble} error=${loop.error} />`;
}
