import { createContext, h, render } from "../vendor/preact.js";
import { useCallback, useContext, useEffect, useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export {
  createContext, render,
  useCallback, useContext, useEffect, useLayoutEffect, useRef, useState,
};
