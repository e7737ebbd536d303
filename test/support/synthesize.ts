import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';

/** Synthesizes a stack to a temporary directory, and returns the path of its template for `startGateway`. */
export function synthesize(build: (stack: Stack) => void): string {
  const outdir = mkdtempSync(join(tmpdir(), 'latchkey-synth-'));
  const app = new App({ outdir });
  build(new Stack(app, 'Test'));
  app.synth();
  return join(outdir, 'Test.template.json');
}
