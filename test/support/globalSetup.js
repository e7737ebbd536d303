import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import unitSetup from './unitSetup.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENSURE_TEMPLATE =
  "const { ensureTemplate } = await import('./local/cloudAssembly.ts'); await ensureTemplate({ root: process.cwd(), onStart() {} });";

/** Jest's global setup for tests that read bundles or the template. Builds both if their sources have changed. */
export default function globalSetup() {
  unitSetup();
  execFileSync(process.execPath, ['build/build.js', '--if-changed'], { cwd: ROOT, stdio: 'inherit' });
  execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', ENSURE_TEMPLATE], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  // The CDK's validation of each template takes seconds in each worker. The build has just validated the stack's
  // template. test/e2e/cfnLint.sh checks all templates.
  process.env.CDK_VALIDATION = 'false';
}
