import { rmSync } from 'node:fs';

/** Jest's global teardown. Removes the directory that `unitSetup.js` created. */
export default function globalTeardown() {
  rmSync(process.env.LATCHKEY_TEST_DIRECTORY, { recursive: true, force: true });
}
