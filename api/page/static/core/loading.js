// Data of one view: loaded when it appears, kept while it is loaded again, and changed as events come.
import { Unreachable, get } from "./api.js";
import { onEvent } from "./live.js";
import { useCallback, useEffect, useRef, useState } from "./view.js";

// ms
const PAUSE = 3000;
const EMPTY = { data: null, error: null };

// `path` of null loads nothing. `when(event)` says which events make it be loaded again; many at once count as one.
export function useLoad(path, query = {}, { when, wait, ...how } = {}) {
  const [state, setState] = useState(EMPTY);
  const wanted = path && `${path}?${JSON.stringify(query)}`;
  const now = useRef(wanted);
  now.current = wanted;
  const turn = useTurns();
  const load = useCallback(async () => {
    if (!path) return;
    const isNewest = turn();
    try {
      const data = await get(path, query, how);
      if (now.current === wanted && isNewest()) setState({ data, error: null });
    } catch (error) {
      if (now.current === wanted && isNewest()) setState((before) => ({ ...before, error }));
    }
  }, [wanted]);
  useEffect(() => {
    setState(EMPTY);
    load();
  }, [load]);
  useAgain(load, when, wait);
  useRecovery(state.error, load);
  const change = useCallback((how) => setState((before) => ({ ...before, data: how(before.data) })), []);
  return { ...state, loading: !state.data && !state.error && Boolean(path), reload: load, change };
}

// Of answers that overtake one another, an older one never replaces a newer one: turn() when something is asked for
// gives what says, with its answer, whether that is still news.
export function useTurns() {
  const turns = useRef({ asked: 0, shown: 0 });
  return useCallback(() => {
    const mine = (turns.current.asked += 1);
    return () => {
      if (mine < turns.current.shown) return false;
      turns.current.shown = mine;
      return true;
    };
  }, []);
}

// Loads again after events that `when(event)` says, and when events were missed; many at once count as one.
export function useAgain(load, when, wait = 250) {
  const now = useRef();
  now.current = { load, when };
  useEffect(() => {
    let timer = 0;
    const end = onEvent((event) => {
      if (!now.current.when || (event && !now.current.when(event))) return;
      timer ||= setTimeout(() => {
        timer = 0;
        now.current.load();
      }, wait);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, []);
}

// What could not be asked for is asked for until the bridge answers.
export function useRecovery(error, load) {
  useEffect(() => {
    const timer = error instanceof Unreachable && setTimeout(load, PAUSE);
    return () => clearTimeout(timer);
  }, [error]);
}

// rows that are loaded again at once
const MOST = 500;

// A list, page by page. `rows(answer)` finds them in an answer; `more` loads the next ones.
export function usePages(path, query, rows) {
  const [state, setState] = useState({ rows: null, cursor: null, error: null });
  const wanted = `${path}?${JSON.stringify(query)}`;
  const now = useRef(wanted);
  now.current = wanted;
  const shown = useRef(0);
  shown.current = state.rows?.length || 0;
  const turn = useTurns();
  const load = useCallback(async (cursor, limit = query.limit) => {
    const isNewest = turn();
    try {
      const answer = await get(path, { ...query, limit, cursor });
      if (now.current !== wanted || !isNewest()) return;
      setState((before) => {
        // asked for twice, or before the list was loaded again: these rows follow nothing that is shown
        if (cursor && before.cursor !== cursor) return before;
        return { rows: cursor ? [...before.rows, ...rows(answer)] : rows(answer), cursor: answer.cursor, error: null };
      });
    } catch (error) {
      if (now.current === wanted && isNewest()) setState((before) => ({ ...before, error }));
    }
  }, [wanted]);
  useEffect(() => {
    setState({ rows: null, cursor: null, error: null });
    load();
  }, [load]);
  useRecovery(state.error, load);
  // whoever asks later, with a function of before, is given what is looked for now
  const again = useRef();
  again.current = () => load(undefined, Math.min(MOST, Math.max(query.limit, shown.current)));
  const change = useCallback((how) => setState((b) => (b.rows ? { ...b, rows: how(b.rows) } : b)), []);
  return {
    ...state,
    loading: !state.rows && !state.error,
    more: state.cursor ? () => load(state.cursor) : null,
    // as many as are shown: who reads further down does not lose them
    reload: useCallback(() => again.current(), []),
    change,
  };
}

// Words to look for: [as they are typed, what sets them, as they are once left alone for a moment].
export function useTyped() {
  const [typed, setTyped] = useState("");
  const [keyword, setKeyword] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setKeyword(typed.trim()), 250);
    return () => clearTimeout(timer);
  }, [typed]);
  return [typed, setTyped, keyword];
}

// Something that a person asked for and that takes a moment: { run, busy, error, result }; busy until all of it that was
// begun is done. `after(result)` is for where to go then: who has left meanwhile stays where they are.
export function useDeed(deed, after) {
  const [state, setState] = useState({ busy: 0, error: null, result: null });
  const alive = useRef(true);
  useEffect(() => () => void (alive.current = false), []);
  const run = async (...given) => {
    setState((before) => ({ ...before, busy: before.busy + 1, error: null }));
    try {
      const result = await deed(...given);
      if (alive.current) {
        setState(({ busy }) => ({ busy: busy - 1, error: null, result }));
        after?.(result);
      }
      return result;
    } catch (error) {
      if (alive.current) setState((before) => ({ ...before, busy: before.busy - 1, error }));
      return undefined;
    }
  };
  return { ...state, busy: state.busy > 0, run, clear: () => setState(({ busy }) => ({ busy, error: null, result: null })) };
}
