import { parseArgs } from 'node:util';
import { collidingKeys } from './collidingKeys.ts';
import { fuzz } from './fuzz.ts';
import { toAnswersReport, toFuzzReport, hasPassed, toReport } from './report.ts';
import { soak } from './soak.ts';

// The SDK's advice on the Node version is for Latchkey's developers. It isn't needed in each run.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    events: { type: 'string', default: '1000000' },
  },
});
const seconds = wholeNumber('--seconds', values.seconds);
const events = wholeNumber('--events', values.events);
const result = await soak({ seconds });
process.stdout.write(toReport(result));
// This run is too short to measure growth, so it checks only the responses.
const stale = await soak({ seconds: Math.ceil(seconds / 5), staleIfErrorSeconds: 10 });
process.stdout.write(toAnswersReport('staleIfError', stale));
const fuzzed = await fuzz(events);
process.stdout.write(toFuzzReport(fuzzed));
const slow = collidingKeys();
process.stdout.write(
  slow.length === 0 ? 'colliding keys    passed\n' : `colliding keys    FAILED\n  ${slow.join('\n  ')}\n`,
);
process.exitCode =
  hasPassed(result) && stale.wrongCount === 0 && fuzzed.problems.length === 0 && slow.length === 0 ? 0 : 1;

function wholeNumber(option: string, text: string): number {
  if (/^(0|[1-9]\d{0,8})$/.test(text)) return Number(text);
  throw new Error(`${option}: expected a whole number, got ${JSON.stringify(text)}`);
}
