// The message that is being written in a dialog, or null.
import { Signal } from "../core/signal.js";

export const composing = new Signal(null);

export const compose = (draft = {}) => composing.set(draft);
