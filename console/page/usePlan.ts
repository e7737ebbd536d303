import { useEffect, useState } from 'preact/hooks';
import type { PlanState } from '../../operator/planState.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { api, ApiError, type SessionInfo } from './api.ts';
import { whileVisible } from '../../components/whileVisible.ts';

/** The plan of a key with what is left of it. */
export interface ReadPlan {
  /** `undefined` until the first read. */
  readonly plan: PlanState | undefined;
  /** The time of the read in epoch milliseconds. */
  readonly readMs: number;
  /** The message of the last read's failure, or `undefined` if it succeeded. */
  readonly failure: string | undefined;
}

const POLL_INTERVAL_MS = 5000;
const UNREAD: ReadPlan = { plan: undefined, readMs: 0, failure: undefined };

/**
 * Reads what is left of a key's plan every five seconds while the page is visible. Doesn't read anything if nothing more
 * than the plan's name can be known, or if the key is revoked.
 */
export function usePlan(record: ConsoleKey, { plans, hasLimits }: SessionInfo['table']): ReadPlan {
  const [read, setRead] = useState(UNREAD);
  const { id, plan, owner, limitsResetAt, revokedAt } = record;
  const isKnown = plan !== undefined && revokedAt === undefined && (plans !== null || hasLimits);
  useEffect(() => {
    setRead(UNREAD);
    if (!isKnown) return undefined;
    let isEnded = false;
    const readPlan = async () => {
      const next = await api.plan(id).then(
        (found) => ({ plan: found ?? undefined, readMs: Date.now(), failure: undefined }),
        (error: unknown) => (before: ReadPlan) => ({
          ...before,
          failure: error instanceof ApiError ? error.message : String(error),
        }),
      );
      if (!isEnded) setRead(next);
    };
    const stop = whileVisible(() => void readPlan(), POLL_INTERVAL_MS);
    return () => {
      isEnded = true;
      stop();
    };
  }, [id, plan, owner, limitsResetAt, isKnown]);
  return read;
}
