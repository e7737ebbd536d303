import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import unitSetup from './unitSetup.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENSURE_TEMPLATE =
  "const { ensureTemplate } = await import('./local/cloudAssembly.ts'); await ensureTemplate({ root: process.cwd(), onStart() {} });";

/** Jest's global setup for tests that read bundles or the template: makes both unless they are of these very sources. */
export default function globalSetup() {
  unitSetup();
  execFileSync(process.execPath, ['build/build.js', '--if-changed'], { cwd: ROOT, stdio: 'inherit' });
  execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', ENSURE_TEMPLATE], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  // The CDK's own look at each template takes seconds in each worker. The template of the stack has just had it, and cfn-lint
  // looks at all of them in test/e2e/cfnLint.sh.
  process.env.CDK_VALIDATION = 'false';
}
