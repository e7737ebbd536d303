import { rmSync } from 'node:fs';

/** Jest's global teardown: removes what `globalSetup.js` made. */
export default function globalTeardown() {
  rmSync(process.env.TMPDIR, { recursive: true, force: true });
}
