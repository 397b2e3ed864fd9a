// What every module draws with: Preact, its hooks and htm, from one place.
import { Fragment, createContext, h, render } from "../vendor/preact.js";
import { useCallback, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export {
  Fragment, createContext, render,
  useCallback, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState,
};
