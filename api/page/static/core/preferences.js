// What somebody chose on this machine: language and colours. Nothing else is kept in the browser.
const NAMES = { language: "sms-bridge.language", colours: "sms-bridge.colours" };

export function chosen(name) {
  try {
    return localStorage.getItem(NAMES[name]) || "";
  } catch {
    return ""; // storage is switched off
  }
}

export function choose(name, value) {
  try {
    if (value) localStorage.setItem(NAMES[name], value);
    else localStorage.removeItem(NAMES[name]);
  } catch {
    // it lasts until the page is closed
  }
}

export function paint(colours) {
  if (colours) document.documentElement.dataset.colours = colours;
  else delete document.documentElement.dataset.colours;
}
