import { useEffect, useState } from 'preact/hooks';

/** The current view. The URL's fragment stores it, so the browser's Back button works. */
export type Route = { readonly view: 'overview' } | { readonly view: 'keys'; readonly id?: string };

/** Returns the route in the URL, and a function that navigates to another route. */
export function useRoute(): readonly [route: Route, go: (route: Route) => void] {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parse(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const go = (next: Route) => {
    location.hash = toHref(next);
    // The state doesn't wait for `hashchange`, because the next key press may already belong to the new view.
    setRoute(next);
  };
  return [route, go];
}

/** Returns a route's URL fragment. Links use it. */
export function toHref(route: Route): string {
  if (route.view === 'overview') return '#/overview';
  return route.id === undefined ? '#/keys' : `#/keys/${route.id}`;
}

function parse(hash: string): Route {
  if (hash === '#/overview') return { view: 'overview' };
  const [, id] = /^#\/keys\/([\w-]+)$/.exec(hash) ?? [];
  return id === undefined ? { view: 'keys' } : { view: 'keys', id };
}
