import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Jest's global setup for tests that read neither bundles nor the template. All projects of a run share it. */
export default function unitSetup() {
  // Hides the SDK's advice on the Node version in workers and their child processes.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  if (process.env.LATCHKEY_TEST_DIRECTORY !== undefined) return;
  // Tests and their child processes may leave files in a temporary directory. The teardown removes it after the run.
  process.env.LATCHKEY_TEST_DIRECTORY = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  process.env.TMPDIR = process.env.LATCHKEY_TEST_DIRECTORY;
}
