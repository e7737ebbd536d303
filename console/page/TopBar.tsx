import type { SessionInfo } from './api.ts';
import { toHref, type Route } from './route.ts';

interface TopBarProps {
  readonly session: SessionInfo;
  readonly route: Route;
  readonly isLoading: boolean;
  /** `true` if the single-key shortcuts are on. */
  readonly hasShortcuts: boolean;
  readonly onNew: () => void;
  readonly onReload: () => void;
}

/** Shows the table, the actor, the links to both views and the buttons of the page. */
export function TopBar({ session, route, isLoading, hasShortcuts, onNew, onReload }: TopBarProps) {
  const shortcut = (key: string) => (hasShortcuts ? { 'aria-keyshortcuts': key, title: key } : {});
  const { table, actor, isReadOnly } = session;
  const link = (to: Route, name: string) => (
    <a href={toHref(to)} aria-current={route.view === to.view ? 'page' : undefined}>
      {name}
    </a>
  );
  return (
    <header class="top">
      <div class="brand">
        <strong>Latchkey</strong>
        <span class="place" title={`${table.name}, as ${actor}`}>
          <span class={`tag tag-${table.kind}`}>{table.kind === 'local' ? 'local' : (table.region ?? 'AWS')}</span>
          {table.name}
          <span class="actor"> as {actor}</span>
        </span>
        {isReadOnly ? <span class="tag">read-only</span> : null}
      </div>
      <nav aria-label="Views">
        {link({ view: 'keys' }, 'Keys')}
        {link({ view: 'overview' }, 'Overview')}
      </nav>
      <div class="tools">
        <button type="button" {...shortcut('r')} onClick={onReload} disabled={isLoading}>
          {isLoading ? 'Loading…' : 'Reload'}
        </button>
        {isReadOnly ? null : (
          <button type="button" class="primary" {...shortcut('n')} onClick={onNew}>
            New key
          </button>
        )}
      </div>
    </header>
  );
}
