import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTemplate } from '../local/cloudAssembly.ts';
import { writeTemplateVariant } from '../test/support/gateway.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FUNCTION_THREAD = new URL('functionThread.mjs', import.meta.url).href;
/**
 * Of each thread, in MB, a few times what is in use. Without bounds V8 keeps in reserve what the machine's memory suggests, by tens of
 * MB more or less from minute to minute, and a leak is lost in it.
 */
const HEAP_BOUNDS = ['--max-semi-space-size=2', '--max-old-space-size=64'];
const GATEWAY_PROCESS = fileURLToPath(new URL('gatewayProcess.ts', import.meta.url));

/** What the gateway's process is told. */
export interface GatewaySettings {
  readonly template: string;
  readonly note: string;
  readonly functionsEndpoint: string;
}

/** What the gateway's process holds. */
export interface Footprint {
  readonly rssBytes: number;
  /** What keeps its threads alive, by thread and kind. */
  readonly handles: Readonly<Record<string, number>>;
  readonly openFiles: number;
  /** That it has written so far. */
  readonly logLines: number;
}

export interface StartOptions {
  /** Of the function, in place of the template's. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where functions find the table. */
  readonly functionsEndpoint: string;
  /** Modules that each function loads first, by their URLs. */
  readonly preload?: readonly string[] | undefined;
}

/** A local gateway in a process of its own. */
export class ServedGateway {
  readonly url: string;
  /** As its functions know it. */
  readonly tableName: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, note: Note) {
    this.#child = child;
    this.#directory = directory;
    this.url = note.url;
    this.tableName = note.tableName;
  }

  static async start({ environment, functionsEndpoint, preload = [] }: StartOptions): Promise<ServedGateway> {
    await ensureTemplate({ root: ROOT, onStart: () => {} });
    const directory = await mkdtemp(join(tmpdir(), 'latchkey-soak-'));
    const note = join(directory, 'local.json');
    const template = await writeTemplateVariant(({ Resources }) => {
      const modules = [FUNCTION_THREAD, ...preload].map((module) => `--import ${module}`);
      for (const { Type, Properties } of Object.values(Resources)) {
        if (Type !== 'AWS::Lambda::Function') continue;
        const { Variables = {} } = (Properties['Environment'] ?? {}) as { Variables?: object };
        const settings = 'LATCHKEY_TABLE' in Variables ? environment : {};
        Properties['Environment'] = { Variables: { ...Variables, ...settings, NODE_OPTIONS: modules.join(' ') } };
      }
    });
    const settings: GatewaySettings = { template, note, functionsEndpoint };
    const child = fork(GATEWAY_PROCESS, [JSON.stringify(settings)], {
      execArgv: [...HEAP_BOUNDS, '--import', 'tsx'],
      // Not what a test runner sets for itself.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const ended = once(child, 'close').then(([code]) => {
      throw new Error(`the gateway ended with exit code ${code}`);
    });
    ended.catch(() => {});
    await Promise.race([once(child, 'message'), ended]);
    return new ServedGateway(child, directory, JSON.parse(await readFile(note, 'utf8')));
  }

  async footprint(): Promise<Footprint> {
    const answer = once(this.#child, 'message');
    this.#child.send({});
    const [footprint]: Footprint[] = await answer;
    if (footprint === undefined) throw new Error('the gateway told nothing');
    return footprint;
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill();
    await closed;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** What of the gateway's own note is read. */
interface Note {
  readonly url: string;
  readonly tableName: string;
}
