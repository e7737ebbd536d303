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
 * The heap limits of each thread in MB, a few times the used memory. V8's reserve otherwise varies by tens of MB with
 * the machine's memory, which hides a leak.
 */
const HEAP_BOUNDS = ['--max-semi-space-size=2', '--max-old-space-size=64'];
const GATEWAY_PROCESS = fileURLToPath(new URL('gatewayProcess.ts', import.meta.url));

/** The settings of the gateway's process. */
export interface GatewaySettings {
  readonly template: string;
  readonly note: string;
  readonly functionsEndpoint: string;
}

/** The resources of the gateway's process. */
export interface Footprint {
  readonly rssBytes: number;
  /** The number of handles that keep its threads alive, by thread and kind. */
  readonly handles: Readonly<Record<string, number>>;
  readonly openFiles: number;
  /** The number of lines that it has logged so far. */
  readonly logLines: number;
}

/** The options of the gateway's functions. */
export interface StartOptions {
  /** Environment variables of the function that override the template's. */
  readonly environment: Readonly<Record<string, string>>;
  /** The table's endpoint for functions. */
  readonly functionsEndpoint: string;
  /** URLs of modules that each function loads first. */
  readonly preload?: readonly string[] | undefined;
}

/** A local gateway in its own process. */
export class ServedGateway {
  readonly url: string;
  /** The table's name in the functions' environment variables. */
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
      // The child process doesn't inherit the test runner's own options.
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
    if (footprint === undefined) throw new Error('the gateway sent no footprint');
    return footprint;
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill();
    await closed;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The fields of the gateway's state file that the soak uses. */
interface Note {
  readonly url: string;
  readonly tableName: string;
}
