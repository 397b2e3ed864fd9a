// Every place in the page: its address, its icon, who may go there and what draws it.
import { may } from "../core/session.js";
import { Conversations } from "../conversations/conversations.js";
import { Home } from "../home/home.js";
import { Messages } from "../messages/messages.js";
import { More } from "./more.js";

// `low`: in the bar at the bottom of a small screen; the others are under "more" there
export const PLACES = [
  { name: "home", draw: Home, low: true },
  { name: "conversations", icon: "chats", draw: Conversations, low: true, whole: true },
  { name: "messages", draw: Messages, low: true },
  { name: "more", draw: More, hidden: true },
];

export const placeOf = (name) => PLACES.find((place) => place.name === name && allowed(place));
export const allowed = (place) => !place.role || may(place.role);
export const listed = () => PLACES.filter((place) => !place.hidden && allowed(place));
