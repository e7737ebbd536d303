import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Jest's global setup for tests that read no bundle and no template. Projects of one run share it. */
export default function unitSetup() {
  // Advice on which Node to install: workers and what they start need not repeat it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  if (process.env.LATCHKEY_TEST_DIRECTORY !== undefined) return;
  // What tests, and what they start, leave in a temporary directory goes with the run.
  process.env.LATCHKEY_TEST_DIRECTORY = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  process.env.TMPDIR = process.env.LATCHKEY_TEST_DIRECTORY;
}
