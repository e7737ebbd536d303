import { useEffect, useRef, useState } from 'preact/hooks';
import { type KeyFilter, NEWEST_FIRST, NO_FILTER } from './keyList.ts';
import { type ListView, parseQuery, toQuery, WHOLE_LIST } from './listAddress.ts';

/** The current view. The URL's fragment stores it, so the browser's Back button works. */
export type Route =
  | { readonly view: 'overview' }
  | {
      readonly view: 'keys';
      /** The id of the open key. */
      readonly id?: string | undefined;
      /** The filter and the sort order (default: the whole list). */
      readonly list?: ListView;
    };

/**
 * Navigates to another route. `replace` changes the current entry of the browser's history instead of adding one.
 */
export type Go = (route: Route, mode?: 'push' | 'replace') => void;

/** Browsers limit the number of changes to the history, so the address follows quick typing with a delay. */
const REPLACE_DELAY_MS = 250;

/** Returns the route in the URL, and a function that navigates to another route. */
export function useRoute(): readonly [route: Route, go: Go] {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  const latest = useRef(route);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const set = (next: Route) => {
    latest.current = next;
    setRoute(next);
  };
  const replaceNow = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    history.replaceState(null, '', toHref(latest.current));
  };
  useEffect(() => {
    const follow = () => {
      // The address of the current route can lack a searched key, which must stay in the search box.
      if (location.hash !== toHref(latest.current)) set(parseRoute(location.hash));
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const go: Go = (next, mode = 'push') => {
    // The state doesn't wait for the address, because the next key press may already belong to the new view.
    if (mode === 'replace') {
      clearTimeout(timer.current);
      timer.current = setTimeout(replaceNow, REPLACE_DELAY_MS);
    } else {
      if (timer.current !== undefined) replaceNow();
      location.hash = toHref(next);
    }
    set(next);
  };
  return [route, go];
}

/** Returns a route's URL fragment. Links use it. */
export function toHref(route: Route): string {
  if (route.view === 'overview') return '#/overview';
  const id = route.id === undefined ? '' : `/${encodeURIComponent(route.id)}`;
  return `#/keys${id}${toQuery(route.list ?? WHOLE_LIST)}`;
}

/** Returns the URL fragment of the list with these conditions. The newest key comes first by default. */
export function toListHref(filter: Partial<KeyFilter>, sort = NEWEST_FIRST): string {
  return toHref({ view: 'keys', list: { filter: { ...NO_FILTER, ...filter }, sort } });
}

/** Returns the route of a URL fragment. An unknown fragment is the list's. */
export function parseRoute(hash: string): Route {
  if (hash === '#/overview') return { view: 'overview' };
  const [, id, query = ''] = /^#\/keys(?:\/([^/?]+))?(\?.*)?$/.exec(hash) ?? [];
  const list = parseQuery(query);
  return { view: 'keys', ...(id === undefined ? {} : { id: decode(id) }), list };
}

/** Decodes an id. Returns it unchanged if it isn't encoded correctly. */
function decode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
