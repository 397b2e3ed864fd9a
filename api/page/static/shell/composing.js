import { Signal } from "../core.js";

export const composing = new Signal(null);

export const compose = (draft = {}) => composing.set(draft);
