import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * Returns the ids of the processes with the mark in their environment. Child processes inherit it, in any session or
 * group.
 */
export function markedProcesses(mark: string): readonly number[] {
  if (existsSync('/proc/self/environ')) {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => environmentOf(pid).includes(mark)).map(Number);
  }
  const { stdout } = spawnSync('ps', ['-Eaxww', '-o', 'pid=,command='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => (line.includes(mark) ? Number.parseInt(line, 10) : []));
}

/** Returns the environment of a process, or an empty string if it has ended. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
