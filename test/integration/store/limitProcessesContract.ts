import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Engine } from '../../support/engine.ts';
import type { TakeMessage } from '../../support/limiterProcess.ts';
import { createLimitsTable } from '../../support/limitsTable.ts';

const PROGRAM = fileURLToPath(new URL('../../support/limiterProcess.ts', import.meta.url));
const PROCESSES = 8;
const LIMIT = 1000;
/** The largest lease of the quota. */
const LEASE = Math.floor(LIMIT / 16);
const TABLE = 'limits';

interface LimiterProcess {
  readonly child: ChildProcess;
  readonly allowedFile: string;
}

/** Describes a quota that several processes share on a DynamoDB engine. */
export function describeLimitProcesses(name: string, start: () => Promise<Engine>): void {
  describe(`a quota of ${LIMIT} that ${PROCESSES} processes share on ${name}`, () => {
    let engine: Engine;
    let directory: string;
    let running: LimiterProcess[] = [];
    let started = 0;
    beforeAll(async () => {
      engine = await start();
      directory = mkdtempSync(join(tmpdir(), 'latchkey-limits-'));
      const client = createClient(engine.endpoint);
      await createLimitsTable(client, TABLE);
      client.destroy();
    }, 60_000);
    afterEach(() => {
      for (const { child } of running) child.kill('SIGKILL');
      running = [];
    });
    afterAll(async () => {
      rmSync(directory, { recursive: true, force: true });
      await engine?.stop();
    });

    const startProcess = async (): Promise<LimiterProcess> => {
      const allowedFile = join(directory, `${++started}`);
      const child = fork(PROGRAM, [engine.endpoint, TABLE, allowedFile], { execArgv: ['--import', 'tsx'] });
      const limiter = { child, allowedFile };
      running.push(limiter);
      await once(child, 'message');
      return limiter;
    };
    const startProcesses = (count: number) => Promise.all(Array.from({ length: count }, startProcess));
    const allowedBy = (processes: readonly LimiterProcess[]) =>
      processes.reduce((sum, { allowedFile }) => sum + statSync(allowedFile).size, 0);
    const takeAll = async ({ child }: LimiterProcess, message: TakeMessage): Promise<unknown> => {
      child.send(message);
      const [code]: unknown[] = await once(child, 'message');
      return code;
    };

    test('allows exactly its requests, five times', async () => {
      const processes = await startProcesses(PROCESSES);
      for (let round = 1; round <= 5; round++) {
        const message = { keyId: `exact-${round}`, limit: LIMIT, pauseMs: 0 };
        const codes = await Promise.all(processes.map((limiter) => takeAll(limiter, message)));
        expect(new Set(codes)).toEqual(new Set(['QUOTA_EXCEEDED']));
        expect(allowedBy(processes)).toBe(round * LIMIT);
      }
    }, 300_000);

    // The lost requests may outnumber requests that a lease allows twice. The test above would find those.
    test('never allows more after processes were killed with leases out, and loses at most their leases', async () => {
      const processes = await startProcesses(PROCESSES);
      const message = { keyId: 'killed', limit: LIMIT, pauseMs: 2 };
      const killed = processes.slice(0, PROCESSES / 2);
      const others = processes.slice(PROCESSES / 2);
      for (const { child } of killed) child.send(message);
      const done = others.map((limiter) => takeAll(limiter, message));
      while (allowedBy(killed) < LIMIT / 5) await sleepMs(5);
      const exits = killed.map(({ child }) => once(child, 'exit'));
      for (const { child } of killed) child.kill('SIGKILL');
      await Promise.all(exits);
      const fresh = await startProcesses(killed.length);
      await Promise.all([...done, ...fresh.map((limiter) => takeAll(limiter, message))]);
      const allowed = allowedBy([...processes, ...fresh]);
      expect(allowed).toBeLessThanOrEqual(LIMIT);
      expect(allowed).toBeGreaterThanOrEqual(LIMIT - killed.length * LEASE);
    }, 300_000);
  });
}
