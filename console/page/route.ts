import { useEffect, useState } from 'preact/hooks';

/** What of the page is looked at; the address bar tells it, so that Back goes back. */
export type Route = { readonly view: 'overview' } | { readonly view: 'keys'; readonly id?: string };

/** The route that the address has, and what goes to another. */
export function useRoute(): readonly [route: Route, go: (route: Route) => void] {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parse(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const go = (next: Route) => {
    location.hash = hrefOf(next);
    // At once: the browser tells of it later, and the next key that is pressed is meant for what is to be seen.
    setRoute(next);
  };
  return [route, go];
}

/** For links. */
export function hrefOf(route: Route): string {
  if (route.view === 'overview') return '#/overview';
  return route.id === undefined ? '#/keys' : `#/keys/${route.id}`;
}

function parse(hash: string): Route {
  if (hash === '#/overview') return { view: 'overview' };
  const [, id] = /^#\/keys\/([\w-]+)$/.exec(hash) ?? [];
  return id === undefined ? { view: 'keys' } : { view: 'keys', id };
}
