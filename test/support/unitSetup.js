import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Jest's global setup for tests that read neither bundles nor the template. All projects of a run share it. */
export default function unitSetup() {
  // Hides the SDK's advice on the Node version in workers and their child processes.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  if (process.env.LATCHKEY_TEST_DIRECTORY !== undefined) return;
  // Files that tests and their child processes leave in a temporary directory are removed after the run.
  process.env.LATCHKEY_TEST_DIRECTORY = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  process.env.TMPDIR = process.env.LATCHKEY_TEST_DIRECTORY;
}
