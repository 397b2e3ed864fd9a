// The virtual network of a demo: the customers' phones, to read what the bridge sent and to write to it.
import {
  Moment, clock, get, html, may, post, t, to, useDeed, useEffect, useEvents, useLayoutEffect, useLoad, useRef,
  useState, whole,
} from "../core.js";
import { Choice, Form, FormTrouble, Icon, Trouble, Waiting } from "../parts.js";
import { TextBox } from "../sms/text_box.js";

const PATH = "/v1/virtual/phones";
// a phone hears of an SMS by itself; the bridge's own news are only the usual occasion to look
const LOOK = 2000;

export function Virtual({ route }) {
  const { data, error, reload } = useLoad(PATH, {}, { when: (event) => event.name.startsWith("message.") });
  const [chosen] = route.parts;
  const can = may("operator");
  const number = chosen || data?.phones[0]?.number;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || reload(), LOOK);
    return () => clearInterval(timer);
  }, [reload]);
  return html`<h1 class="hidden">${t("place.virtual")}</h1><div class="talks ${chosen ? "open" : ""}">
    <section class="people" aria-label=${t("place.virtual")}>
      <header class="top"><p class="title" aria-hidden="true">${t("place.virtual")}</p></header>
      <p class="quiet about">${t(can ? "virtual.text" : "virtual.text.reader")}</p>
      <${Trouble} error=${error} retry=${reload} />
      ${!data && !error && html`<${Waiting} rows=${7} />`}
      ${data && html`<ul>${data.phones.map((each) => html`<li key=${each.number}>
        <a href=${to("virtual", each.number)} aria-current=${each.number === number ? "true" : undefined}>
          <span class="face" aria-hidden="true">${each.number.slice(-2)}</span>
          <span class="who">${each.number}</span><${Moment} at=${each.last?.at} />
          <span class="what" dir="auto">${each.last ? each.last.text : t("virtual.empty")}</span></a></li>`)}</ul>`}
    </section>
    ${number && html`<${Handset} key=${number} number=${number} look=${data} />`}
  </div>`;
}

// `look` changes with every look at the phones.
function Handset({ number, look }) {
  const { data, error, reload, change } = useLoad(`${PATH}/${encodeURIComponent(number)}`);
  const place = useRef(null);
  const can = may("operator");
  useEffect(() => void reload(), [look]);
  useEvents((event) => event && event.data.to === number && reload(), [reload]);
  const count = data?.messages.length;
  useLayoutEffect(() => {
    if (place.current) place.current.scrollTop = place.current.scrollHeight;
  }, [count]);
  return html`<section class="thread handset" aria-label=${number}>
    <header><a class="button plain square narrow" href=${to("virtual")} aria-label=${t("act.back")}><${Icon} name="back" /></a>
      <h2>${number}<small>${t("virtual.whose")}</small></h2></header>
    <${Trouble} error=${error} retry=${reload} />
    <div class="bubbles" ref=${place} tabindex="0" role="log" aria-label=${t("conversations.log")}>
      ${count === 0 && html`<p class="quiet none">${t(can ? "virtual.none" : "virtual.none.reader")}</p>`}
      ${data?.messages.map((each, index) => html`<div key=${index} class="bubble ${each.direction}">
        <p dir="auto">${each.text}</p>
        <p class="under"><span class="hidden">${t(each.direction === "in" ? "way.in" : "way.out")} </span>
          ${each.channel === "whatsapp" && `${t("channel.whatsapp")} `}${each.number} <time datetime=${each.at} title=${whole(each.at)}>${clock(each.at)}</time></p>
      </div>`)}
    </div>
    ${can && data && html`<${Write} number=${number} last=${data.messages.at(-1)}
      onSent=${(made) => change((before) => ({ ...before, messages: [...before.messages, made] }))} />`}
  </section>`;
}

function Write({ number, last, onSent }) {
  const [text, setText] = useState("");
  const [lines, setLines] = useState([]);
  const [line, setLine] = useState("");
  useEffect(() => void get("/v1/lines").then((answer) => setLines(answer.lines.filter((each) => each.number)), () => {}), []);
  // who was written to answers where it came from
  const at = line || lines.find((each) => each.number === last?.number)?.number || lines[0]?.number || "";
  const deed = useDeed(async () => {
    onSent(await post(`${PATH}/${encodeURIComponent(number)}/messages`, { to: at, text }));
    setText((now) => (now === text ? "" : now)); // what was typed meanwhile stays
  });
  const send = () => text.trim() && at && deed.run();
  return html`<${Form} class="reply" deed=${{ ...deed, run: send }}>
    <${FormTrouble} />
    <div class="to"><${Choice} label=${t("virtual.to")} value=${at} onInput=${setLine} options=${lines.map((each) => [each.number, `${each.name} · ${each.number}`])} /></div>
    <${TextBox} label=${t("virtual.write")} placeholder=${t("virtual.write")} value=${text} onInput=${setText} rows=${2} />
    <button type="submit" class="primary" disabled=${deed.busy || !text.trim() || !at} title=${t("conversations.send.keys")}>
      <${Icon} name="send" size=${18} />${t("compose.send")}</button>
  </${Form}>`;
}
