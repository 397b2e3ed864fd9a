// Data of one view: loaded when it appears, kept while it is loaded again, and changed as events come.
import { get } from "./api.js";
import { onEvent } from "./live.js";
import { useCallback, useEffect, useRef, useState } from "./view.js";

const EMPTY = { data: null, error: null };

// `path` of null loads nothing. `when(event)` says which events make it be loaded again; many at once count as one.
export function useLoad(path, query = {}, { when } = {}) {
  const [state, setState] = useState(EMPTY);
  const wanted = path && `${path}?${JSON.stringify(query)}`;
  const now = useRef(wanted);
  now.current = wanted;
  const load = useCallback(async () => {
    if (!path) return;
    try {
      const data = await get(path, query);
      if (now.current === wanted) setState({ data, error: null });
    } catch (error) {
      if (now.current === wanted) setState((before) => ({ ...before, error }));
    }
  }, [wanted]);
  useEffect(() => {
    setState(EMPTY);
    load();
  }, [load]);
  useEffect(() => {
    if (!when) return undefined;
    let timer = 0;
    const end = onEvent((event) => {
      if (event && !when(event)) return;
      timer ||= setTimeout(() => {
        timer = 0;
        load();
      }, 250);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [load]);
  const change = useCallback((how) => setState((before) => ({ ...before, data: how(before.data) })), []);
  return { ...state, loading: !state.data && !state.error && Boolean(path), reload: load, change };
}

// A list, page by page. `rows(answer)` finds them in an answer; `more` loads the next ones.
export function usePages(path, query, rows) {
  const [state, setState] = useState({ rows: null, cursor: null, error: null });
  const wanted = `${path}?${JSON.stringify(query)}`;
  const now = useRef(wanted);
  now.current = wanted;
  const load = useCallback(async (cursor) => {
    try {
      const answer = await get(path, { ...query, cursor });
      if (now.current !== wanted) return;
      setState((before) => ({
        rows: cursor ? [...before.rows, ...rows(answer)] : rows(answer),
        cursor: answer.cursor,
        error: null,
      }));
    } catch (error) {
      if (now.current === wanted) setState((before) => ({ ...before, error }));
    }
  }, [wanted]);
  useEffect(() => {
    setState({ rows: null, cursor: null, error: null });
    load();
  }, [load]);
  const change = useCallback((how) => setState((b) => (b.rows ? { ...b, rows: how(b.rows) } : b)), []);
  return {
    ...state,
    loading: !state.rows && !state.error,
    more: state.cursor ? () => load(state.cursor) : null,
    reload: () => load(),
    change,
  };
}

// Something that a person asked for and that takes a moment: { run, busy, error, result }.
export function useDeed(deed) {
  const [state, setState] = useState({ busy: false, error: null, result: null });
  const alive = useRef(true);
  useEffect(() => () => void (alive.current = false), []);
  const run = async (...given) => {
    setState((before) => ({ ...before, busy: true, error: null }));
    try {
      const result = await deed(...given);
      if (alive.current) setState({ busy: false, error: null, result });
      return result;
    } catch (error) {
      if (alive.current) setState((before) => ({ ...before, busy: false, error }));
      return undefined;
    }
  };
  return { ...state, run, clear: () => setState({ busy: false, error: null, result: null }) };
}
