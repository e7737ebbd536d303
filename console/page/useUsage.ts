import { useEffect, useState } from 'preact/hooks';
import type { ConsoleUsage } from '../server/usageRoutes.ts';
import { api, type SessionInfo } from './api.ts';
import type { UsageSpan } from '../../components/usageText.ts';
import { whileVisible } from '../../components/whileVisible.ts';

/** The last response to a read of usage. Both fields are absent until the first response. */
export interface UsageRead {
  readonly usage?: ConsoleUsage;
  /** The message of the last read if it failed. */
  readonly failure?: string;
}

/** The delays between reads in milliseconds. The roll-up of a deployment runs once an hour, the local one often. */
const LOCAL_MS = 5000;
const EVERY_MS: Readonly<Record<UsageSpan, number>> = { hour: 60_000, day: 600_000 };

/** Reads the usage of a key, or of all keys, again and again while the page is visible and the table counts usage. */
export function useUsage(id: string | undefined, span: UsageSpan, table: SessionInfo['table']): UsageRead {
  const [read, setRead] = useState<UsageRead>({});
  const { hasUsage, kind } = table;
  useEffect(() => {
    if (!hasUsage) return undefined;
    let isCurrent = true;
    setRead({});
    const load = async () => {
      try {
        const usage = await api.usage(id, span);
        if (isCurrent) setRead({ usage });
      } catch (error) {
        const failure = error instanceof Error ? error.message : String(error);
        if (isCurrent) setRead((before) => ({ ...before, failure }));
      }
    };
    const stop = whileVisible(() => void load(), kind === 'local' ? LOCAL_MS : EVERY_MS[span]);
    return () => {
      isCurrent = false;
      stop();
    };
  }, [id, span, hasUsage, kind]);
  return read;
}
