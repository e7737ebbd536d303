import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENSURE_TEMPLATE =
  "const { ensureTemplate } = await import('./local/synth.ts'); await ensureTemplate({ root: process.cwd(), onStart() {} });";

/** Jest's global setup for tests that read bundles or the template: makes both unless they are of these very sources. */
export default async function globalSetup() {
  // Advice on which Node to install: workers and what they start need not repeat it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  // What tests, and what they start, leave in a temporary directory goes with the run.
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  execFileSync(process.execPath, ['build/build.js', '--if-changed'], { cwd: ROOT, stdio: 'inherit' });
  execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', ENSURE_TEMPLATE], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  // The CDK's own look at each template takes seconds in each worker. The template of the stack has just had it, and cfn-lint
  // looks at all of them in test/e2e/cfnLint.sh.
  process.env.CDK_VALIDATION = 'false';
}
