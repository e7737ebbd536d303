import { rmSync } from 'node:fs';

/** Jest's global teardown: removes what `unitSetup.js` made. */
export default function globalTeardown() {
  rmSync(process.env.LATCHKEY_TEST_DIRECTORY, { recursive: true, force: true });
}
