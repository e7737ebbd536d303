// One cold start: loads a function, says so on stdout, answers one event, and tells what that took. Plain JavaScript, so that
// a bundle runs under Node alone. The last argument is the event as JSON; without one nothing is asked.
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [file, event] = process.argv.slice(2);
const href = pathToFileURL(file).href;

const beforeImport = process.cpuUsage();
const module = await import(href);
// A bundle in CommonJS may have its exports on the default alone.
const handler = module.handler ?? module.default.handler;
const imported = process.cpuUsage(beforeImport);
const loaded = process.cpuUsage();
writeSync(1, 'loaded\n');

if (event === undefined) report();
else {
  const beforeAnswer = process.cpuUsage();
  const startedMs = performance.now();
  const answer = await handler(JSON.parse(event), { awsRequestId: 'cold' });
  const answerMs = performance.now() - startedMs;
  report({ answer, answerMs, answerCpuMs: milliseconds(process.cpuUsage(beforeAnswer)) });
}

function report(asked = {}) {
  const told = { loadedCpuMs: milliseconds(loaded), importCpuMs: milliseconds(imported), ...asked };
  writeSync(1, `${JSON.stringify(told)}\n`);
  process.exit();
}

function milliseconds({ user, system }) {
  return (user + system) / 1000;
}
