import { Moment, ago, html, remove, signOut, t, useDeed, useLoad } from "../core.js";
import { Trouble } from "../parts.js";

export function Sessions() {
  const { data, error, reload } = useLoad("/v1/sessions");
  const end = useDeed((id) => (id ? remove(`/v1/sessions/${id}`).then(reload) : signOut(true)));
  return html`<${Trouble} error=${error || end.error} />
    <ul class="plain">${(data?.sessions || []).map((each) => html`<li key=${each.id}>
      <span class="grow"><b>${agent(each.agent)}</b> <small>${each.address} · <${Moment} at=${each.seen_at} as=${ago} /></small></span>
      ${each.current ? html`<span class="state good">${t("sessions.here")}</span>`
        : html`<button type="button" disabled=${end.busy} onClick=${() => end.run(each.id)}>${t("sessions.end")}</button>`}
    </li>`)}</ul>
    <p class="deeds"><button type="button" disabled=${end.busy} onClick=${() => end.run()}>${t("sessions.all")}</button></p>`;
}

// "Firefox, Linux" of what a browser says about itself.
export function agent(text = "") {
  const browser = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]]
    .find(([mark]) => text.includes(mark))?.[1];
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((each) => text.includes(each));
  return [browser, system].filter(Boolean).join(", ") || text.slice(0, 40) || t("sessions.unknown");
}
