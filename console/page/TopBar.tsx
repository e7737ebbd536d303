import type { SessionInfo } from './api.ts';
import { toHref, type Route } from './route.ts';

interface TopBarProps {
  readonly session: SessionInfo;
  readonly route: Route;
  readonly isLoading: boolean;
  /** The reason why the page can't change keys at all. */
  readonly blocked: string | undefined;
  /** `true` if the single-key shortcuts are on. */
  readonly hasShortcuts: boolean;
  readonly onNew: () => void;
  readonly onReload: () => void;
}

/** Shows the table, the links to both views, the account and the buttons of the page. */
export function TopBar({ session, route, isLoading, blocked, hasShortcuts, onNew, onReload }: TopBarProps) {
  const keyShortcut = (key: string) => (hasShortcuts ? { 'aria-keyshortcuts': key } : {});
  const { table, isReadOnly } = session;
  const link = (to: Route, name: string) => (
    <a href={toHref(to)} aria-current={route.view === to.view ? 'page' : undefined}>
      {name}
    </a>
  );
  return (
    <header class="top">
      <div class="brand">
        <Mark />
        <span class="place" title={table.name}>
          {table.title}
        </span>
        {isReadOnly ? (
          <span class="tag" title={blocked}>
            Read-only
          </span>
        ) : null}
      </div>
      <nav aria-label="Views">
        {link({ view: 'keys' }, 'Keys')}
        {link({ view: 'overview' }, 'Overview')}
      </nav>
      <Place session={session} />
      <div class="tools">
        <button type="button" {...keyShortcut('r')} onClick={onReload} aria-disabled={isLoading}>
          {isLoading ? 'Loading…' : 'Reload'}
        </button>
        <button
          type="button"
          class="primary"
          {...keyShortcut('n')}
          aria-disabled={blocked !== undefined}
          title={blocked}
          onClick={onNew}
        >
          New key
        </button>
      </div>
    </header>
  );
}

/** Shows Latchkey's mark. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" role="img" aria-label="Latchkey">
      <rect width="32" height="32" rx="8" />
      <g fill="none" stroke="#fff" stroke-width="2.75" stroke-linecap="round" stroke-linejoin="round">
        <circle cx="11.5" cy="16" r="4.5" />
        <path d="M16 16h10v4M21.5 16v3" />
      </g>
    </svg>
  );
}

/** Shows the actor, the account and the Region. */
function Place({ session: { table, actor } }: Pick<TopBarProps, 'session'>) {
  const account = table.account?.replace(/^(\d{4})(\d{4})(\d{4})$/, '$1-$2-$3');
  const isLocal = table.kind === 'local';
  const facts: readonly (readonly [name: string, value: string | null | undefined])[] = [
    // The last part of an ARN is the user's or the session's name.
    ['Actor', actor.split('/').at(-1)],
    ['Account', account],
    [isLocal ? 'Place' : 'Region', isLocal ? 'this machine' : table.region],
  ];
  return (
    <dl class="account" title={`Changes are recorded as ${actor}`}>
      {facts.map(([name, value]) =>
        value === null || value === undefined ? null : (
          <div key={name} class={`fact-${name.toLowerCase()}`}>
            <dt class="unseen">{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
