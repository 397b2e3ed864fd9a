// Every place in the page: its address, its icon, who may go there and what draws it.
import { DEMO, may } from "../core.js";
import { Accounts } from "../accounts/accounts.js";
import { Audit } from "../audit/audit.js";
import { Bulk } from "../bulk/bulk.js";
import { Contacts } from "../contacts/contacts.js";
import { Conversations } from "../conversations/conversations.js";
import { First } from "../first/first.js";
import { Home } from "../home/home.js";
import { Lines } from "../lines/lines.js";
import { Messages } from "../messages/messages.js";
import { People } from "../people/people.js";
import { StopList } from "../stop/stop_list.js";
import { Virtual } from "../virtual/virtual.js";
import { Webhooks } from "../webhooks/webhooks.js";
import { More } from "./more.js";

// `low`: in the bar at the bottom of a small screen; the others are under "more" there. `whole`: fills the window
export const PLACES = [
  { name: "home", draw: Home, low: true },
  { name: "conversations", icon: "chats", draw: Conversations, low: true, whole: true },
  { name: "messages", draw: Messages, low: true },
  { name: "bulk", draw: Bulk },
  { name: "contacts", draw: Contacts },
  ...(DEMO ? [{ name: "virtual", draw: Virtual, whole: true }] : []),
  { name: "lines", draw: Lines, group: "manage" },
  { name: "webhooks", draw: Webhooks, group: "manage" },
  { name: "stop", draw: StopList, group: "manage" },
  { name: "accounts", draw: Accounts, group: "manage", role: "owner" },
  { name: "people", draw: People, group: "manage", role: "owner" },
  { name: "audit", draw: Audit, group: "manage", role: "operator" },
  { name: "first", draw: First, group: "manage", role: "owner" },
  { name: "more", draw: More, hidden: true },
];

export const placeOf = (name) => PLACES.find((place) => place.name === name && allowed(place));
export const allowed = (place) => !place.role || may(place.role);
export const listed = () => PLACES.filter((place) => !place.hidden && allowed(place));
