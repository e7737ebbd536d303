import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fill, plural } from '../components/language.ts';
import { Expiry, LastUsed, StateBadge, Time } from '../components/Time.tsx';
import { printable } from '../keys/printable.ts';
import { keyState } from '../keys/state.ts';
import { KeyRequests } from './KeyRequests.tsx';
import { type KeyAction, offerActions, type SortedKeys } from './keysState.ts';
import type { OwnedKey, OwnerAccess } from './ownedKey.ts';
import { useKeysPage } from './useKeysPage.ts';

interface KeyListProps {
  readonly sorted: SortedKeys;
  readonly access: OwnerAccess;
  readonly nowMs: number;
  readonly onAct: (action: KeyAction, record: OwnedKey) => void;
  readonly onNew: () => void;
}

/** Shows the current keys, and the ended ones folded away. */
export function KeyList({ sorted: { current, ended }, onNew, ...rest }: KeyListProps) {
  const { texts, locale } = useKeysPage().language;
  return (
    <>
      {current.length === 0 ? <NoKeys onNew={onNew} /> : <Keys keys={current} {...rest} />}
      {ended.length === 0 ? null : (
        <details class="more">
          <summary>{plural({ texts, locale }, 'endedKeys', ended.length)}</summary>
          <Keys keys={ended} {...rest} />
        </details>
      )}
    </>
  );
}

function NoKeys({ onNew }: Pick<KeyListProps, 'onNew'>) {
  const { texts } = useKeysPage().language;
  return (
    <div class="nothing">
      <h3>{texts.emptyTitle}</h3>
      <p class="quiet">{texts.emptyText}</p>
      <button type="button" class="primary" onClick={onNew}>
        {texts.newKey}
      </button>
    </div>
  );
}

interface KeysProps extends Pick<KeyListProps, 'access' | 'nowMs' | 'onAct'> {
  readonly keys: readonly OwnedKey[];
}

function Keys({ keys, ...rest }: KeysProps) {
  return (
    // Safari reads a list without markers only with a role.
    <ul role="list" class="keys">
      {keys.map((record) => (
        <KeyItem key={record.id} record={record} {...rest} />
      ))}
    </ul>
  );
}

interface KeyItemProps extends Pick<KeyListProps, 'access' | 'nowMs' | 'onAct'> {
  readonly record: OwnedKey;
}

/** Shows one key with its actions, and its requests if they are open. */
function KeyItem({ record, access, nowMs, onAct }: KeyItemProps) {
  const { texts } = useKeysPage().language;
  const [isUsageOpen, setUsageOpen] = useState(false);
  const { id, label, keyPrefix, rotatedTo, revokedReason } = record;
  const state = keyState(record, nowMs);
  const { heading, expectChange } = useHeadingFocus(state);
  const act: KeyListProps['onAct'] = (action, key) => {
    expectChange();
    onAct(action, key);
  };
  return (
    <li class={`key key-${state}`}>
      <div class="key-name">
        <h3 ref={heading} tabIndex={-1}>
          {printable(label)}
        </h3>
        <StateBadge state={state} />
        {keyPrefix === undefined ? null : <code class="quiet">{printable(keyPrefix)}…</code>}
      </div>
      {rotatedTo !== undefined && state === 'active' ? <p class="hint">{texts.replaced}</p> : null}
      {revokedReason === undefined ? null : (
        <p class="hint">{fill(texts.revokedBecause, { reason: printable(revokedReason) })}</p>
      )}
      <Facts record={record} access={access} nowMs={nowMs} />
      <Actions
        {...{ record, nowMs, isUsageOpen }}
        onAct={act}
        onUsage={access.hasUsage ? () => setUsageOpen(!isUsageOpen) : undefined}
      />
      {isUsageOpen ? <KeyRequests id={id} /> : null}
    </li>
  );
}

/**
 * Focuses the key's heading if a change has removed the button that started it. Enable must not inherit the focus of
 * Disable, because a second Enter would undo the first.
 */
function useHeadingFocus(state: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const isExpected = useRef(false);
  useEffect(() => {
    const root = heading.current?.getRootNode() as ShadowRoot;
    if (isExpected.current && root.activeElement === null) heading.current?.focus();
    isExpected.current = false;
  }, [state]);
  return {
    heading,
    expectChange: () => {
      isExpected.current = true;
    },
  };
}

function Facts({ record, access, nowMs }: Pick<KeyItemProps, 'record' | 'access' | 'nowMs'>) {
  const { texts } = useKeysPage().language;
  const { scopes, plan, allowedIps, createdAt } = record;
  return (
    <dl class="key-facts">
      <Fact name={texts.created}>
        <Time at={createdAt} nowMs={nowMs} />
      </Fact>
      <Fact name={texts.lastUsed}>
        <LastUsed record={record} nowMs={nowMs} />
      </Fact>
      <Fact name={texts.expires}>
        <Expiry record={record} nowMs={nowMs} />
      </Fact>
      {access.scopes === null && scopes === undefined ? null : (
        <Fact name={texts.access}>{scopes === undefined ? texts.everything : listOf(scopes) || texts.nothing}</Fact>
      )}
      {plan === undefined ? null : <Fact name={texts.plan}>{printable(plan)}</Fact>}
      {allowedIps === undefined ? null : <Fact name={texts.addresses}>{listOf(allowedIps)}</Fact>}
    </dl>
  );
}

function listOf(values: readonly string[]): string {
  return values.map(printable).join(', ');
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface ActionsProps extends Pick<KeyItemProps, 'record' | 'nowMs' | 'onAct'> {
  readonly isUsageOpen: boolean;
  /** Absent if the deployment doesn't count requests. */
  readonly onUsage: (() => void) | undefined;
}

function Actions({ record, nowMs, onAct, isUsageOpen, onUsage }: ActionsProps) {
  const { texts } = useKeysPage().language;
  const label = printable(record.label);
  const actions = offerActions(record, nowMs);
  if (actions.length === 0 && onUsage === undefined) return null;
  // The visible text comes first in the name, so that people can say it to their browser (WCAG 2.2, 2.5.3).
  const nameOf = (action: string) => fill(texts.actionOn, { action, label });
  return (
    <div class="key-actions" role="group" aria-label={fill(texts.actions, { label })}>
      {onUsage === undefined ? null : (
        <button type="button" aria-label={nameOf(texts.usage)} aria-expanded={isUsageOpen} onClick={onUsage}>
          {texts.usage}
        </button>
      )}
      {actions.map((action) => (
        <button
          key={action}
          type="button"
          class={action === 'revoke' ? 'danger' : ''}
          aria-label={nameOf(texts[action])}
          // The second click of a double click can hit a button that appeared after the first click.
          onClick={({ detail }) => detail < 2 && onAct(action, record)}
        >
          {texts[action]}
        </button>
      ))}
    </div>
  );
}
