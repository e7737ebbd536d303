import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Environment, setting } from '../operator/findTable.ts';

/** Returns the path of a program in the directories of PATH, or `undefined` if it isn't installed. */
export function findExecutable(name: string, env: Environment): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined;
  const paths = (setting(env, 'PATH') ?? '').split(delimiter).filter((path) => path !== '');
  return paths.map((path) => join(path, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
