import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * The ids of the processes that have the mark in their environment: whoever set it there and all that came of him, whatever
 * session or group they moved to.
 */
export function markedProcesses(mark: string): readonly number[] {
  if (existsSync('/proc/self/environ')) {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => environmentOf(pid).includes(mark)).map(Number);
  }
  const { stdout } = spawnSync('ps', ['-Eaxww', '-o', 'pid=,command='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => (line.includes(mark) ? Number.parseInt(line, 10) : []));
}

/** Empty for a process that has ended meanwhile. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
