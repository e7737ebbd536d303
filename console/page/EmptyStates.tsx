import { useEffect, useState } from 'preact/hooks';
import { isKeyId } from '../../keys/keyId.ts';
import { printable } from '../../keys/printable.ts';
import { api, ApiError, type SessionInfo } from './api.ts';
import { curlCommand, KEY_VARIABLE } from './commands.ts';
import { CodeBox } from '../../components/CopyButton.tsx';
import { toChips } from './filterNames.ts';
import type { KeyFilter } from './keyList.ts';
import type { KeyStore } from './keyStore.ts';

/** Shows that no key matches the filter, with a button that clears it. */
export function NoMatches({ filter, onClear }: { filter: KeyFilter; onClear: () => void }) {
  const text = filter.text.trim();
  const conditions = [
    ...(text === '' ? [] : [`“${shorten(text)}”`]),
    ...toChips(filter).map(({ name }) => shorten(name)),
  ];
  return (
    <div class="nothing">
      <h2>No keys match {conditions.join(' and ')}</h2>
      <button type="button" onClick={onClear}>
        Clear filters
      </button>
    </div>
  );
}

const MAX_SHOWN = 80;

/** Returns the start of a text that the address may have contained. A longer text would hide the button below it. */
function shorten(text: string): string {
  const start = printable(text.slice(0, MAX_SHOWN));
  return text.length > MAX_SHOWN ? `${start}…` : start;
}

interface NoKeysProps {
  readonly table: SessionInfo['table'];
  readonly blocked: string | undefined;
  readonly onNew: () => void;
}

/** Shows the first steps for an empty table. */
export function NoKeys({ table, blocked, onNew }: NoKeysProps) {
  return (
    <div class="nothing">
      <h2>This table has no keys yet</h2>
      <button type="button" class="primary" aria-disabled={blocked !== undefined} title={blocked} onClick={onNew}>
        New key
      </button>
      <p>Then send the key with each request to your API:</p>
      <CodeBox name="the curl command" text={curlCommand(`$${KEY_VARIABLE}`, table.apiUrl)} />
    </div>
  );
}

interface UnknownKeyProps {
  /** The id in the address. */
  readonly id: string | undefined;
  readonly store: KeyStore;
  readonly onClose: () => void;
}

/**
 * Shows that the table doesn't contain the key of the address. Reads the key first, because the list of a table lags
 * behind its newest keys.
 */
export function UnknownKey({ id, store, onClose }: UnknownKeyProps) {
  const [missingId, setMissingId] = useState<string>();
  useEffect(() => {
    if (id === undefined || store.isLoading) return undefined;
    // The server would reject any other id, and a very long one without a response.
    if (!isKeyId(id)) return setMissingId(id);
    let isCurrent = true;
    api.read(id).then(
      (record) => isCurrent && store.put(record),
      (error: unknown) => isCurrent && error instanceof ApiError && error.code === 'NOT_FOUND' && setMissingId(id),
    );
    return () => {
      isCurrent = false;
    };
  }, [id, store.isLoading]);
  if (id === undefined || missingId !== id) return null;
  return (
    <aside class="panel unknown" aria-label="Unknown key">
      <h2>This key isn’t in the table</h2>
      <p>
        The address names the key <code>{shorten(id)}</code>. It may have been deleted, or it belongs to another table.
      </p>
      <button type="button" onClick={onClose}>
        Show all keys
      </button>
    </aside>
  );
}
