import { createHash } from 'node:crypto';
import { reportUsage, type UsageOptions } from '../../../keys/usageReport.ts';
import { addLatency } from '../../../keys/latencyHistogram.ts';
import {
  ALL_KEYS,
  type ApiUsage,
  type BusyKey,
  type HourUsage,
  toHourMs,
  toUsageHour,
  UsageSum,
} from '../../../keys/usage.ts';
import type { UsageQuery } from '../../../keys/usageStore.ts';
import type { ConsoleUsage } from '../../../console/server/usageRoutes.ts';

const HOUR_MS = 3_600_000;
const LATENCIES = [11, 14, 17, 19, 24, 31, 42, 60, 95, 210];

/** Returns the API's response about the requests of a busy table. The same arguments return the same requests. */
export async function sampleUsage(
  options: Pick<UsageOptions, 'id' | 'by'>,
  ids: readonly string[],
  nowMs: number,
): Promise<ConsoleUsage> {
  const store = new SampleStore(ids);
  const subject = options.id === undefined ? { all: true, by: options.by } : options;
  const report = await reportUsage(subject, { store, records: async function* none() {}, now: () => nowMs });
  return { ...report, corrupt: [] };
}

/** A store with made-up requests for each key and hour. */
class SampleStore {
  readonly #ids: readonly string[];

  constructor(ids: readonly string[]) {
    this.#ids = ids;
  }

  async *query({ keyId, first, last }: UsageQuery): AsyncGenerator<HourUsage, void, undefined> {
    for (let ms = toHourMs(first); ms <= toHourMs(last); ms += HOUR_MS) {
      if (keyId === ALL_KEYS) yield this.#hourOfAll(ms);
      else yield { keyId, hour: toUsageHour(ms), apis: { api: usageAt(keyId, ms) } };
    }
  }

  #hourOfAll(ms: number): HourUsage {
    const usages = this.#ids.map((keyId) => [keyId, usageAt(keyId, ms)] as const);
    const sum = new UsageSum();
    for (const [, usage] of usages) sum.add(usage);
    const { allowed, limited, refused, statuses, latency } = sum;
    const busiest = usages.map(([keyId, usage]): BusyKey => {
      return { keyId, allowed: usage.allowed, limited: usage.limited, refused: usage.refused };
    });
    const api: ApiUsage = { source: 'access-log', allowed, limited, refused, statuses, latency };
    return { keyId: ALL_KEYS, hour: toUsageHour(ms), apis: { api }, busiest };
  }
}

/** Returns more requests during the day than at night. A burst is limited now and then. */
function usageAt(keyId: string, ms: number): ApiUsage {
  const digest = createHash('sha256').update(`${keyId} ${ms}`).digest();
  const size = 1 + (createHash('sha256').update(keyId).digest()[0] ?? 0);
  const day = 1 + 0.7 * Math.sin(((ms / HOUR_MS - 8) / 12) * Math.PI);
  const allowed = Math.round((size * day * (60 + (digest[0] ?? 0) / 4)) / 40);
  const limited = (digest[1] ?? 0) < 20 ? Math.round(allowed / 4) : 0;
  const refused = (digest[2] ?? 0) < 12 ? Math.round(allowed / 12) : 0;
  const latency = {};
  for (let request = 0; request < allowed; request++) addLatency(latency, LATENCIES[request % LATENCIES.length] ?? 0);
  const statuses = { 200: allowed, 429: limited, 403: refused };
  return { source: 'access-log', allowed, limited, refused, statuses, latency };
}
