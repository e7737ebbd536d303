import { readdirSync } from 'node:fs';

/** The tests of keys/ and lambda/ that need no bundle, no template and no child process: a mutant in the process is seen by them. */
const FOLDERS = ['test/keys', 'test/lambda', 'test/property'];
const IN_PROCESS = ['createKeyRegistry', 'keyVerifier', 'store'];

/** @param root The folder of the project, or of a copy of it. @returns Paths of test files within it. */
export function testFilesOf(root) {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(`${root}/${folder}`)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => `${folder}/${file}`),
  );
  return [...inFolders, ...IN_PROCESS.map((name) => `test/integration/${name}.test.ts`)];
}
