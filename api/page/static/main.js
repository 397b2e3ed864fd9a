// Where the page begins: the words of the reader's language, who is signed in, then everything else.
import { chosen, html, loadReasons, loadWords, lookForSession, paint, render, t } from "./core.js";
import { Door } from "./door/door.js";

async function begin() {
  paint(chosen("colours"));
  await loadWords();
  await loadReasons().catch(() => {}); // without them they are read as they were said
  const place = document.getElementById("page");
  try {
    await lookForSession();
  } catch (error) {
    render(html`<main class="door"><h1>sms-bridge</h1><p role="alert">${error.message}</p>
      <button type="button" class="primary" onClick=${() => location.reload()}>${t("act.retry")}</button></main>`, place);
    return;
  }
  render(html`<${Door} />`, place);
}

begin();
