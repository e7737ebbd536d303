// Loads a function, prints "loaded", sends it one event and reports its CPU time. Usage: functionProcess.mjs FILE
// [EVENT [WARM_REQUESTS]]. It then sends WARM_REQUESTS more events. It's plain JavaScript, because the CPU time would
// include a TypeScript loader's.
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [file, eventText, warmRequests = '0'] = process.argv.slice(2);
const { href } = pathToFileURL(file);

const startCpuMs = cpuMs();
const module = await import(href);
// A CommonJS bundle may export the handler only on `default`.
const handler = module.handler ?? module.default.handler;
const importCpuMs = cpuMs() - startCpuMs;
writeSync(1, 'loaded\n');
const report = { importCpuMs };

if (eventText !== undefined) {
  const event = JSON.parse(eventText);
  const askedCpuMs = cpuMs();
  report.answer = await handler(event, { awsRequestId: 'cold' });
  report.answerCpuMs = cpuMs() - askedCpuMs;
  report.startCpuMs = cpuMs();
  const answerMany = async (count) => {
    for (let request = 0; request < count; request++) report.answer = await handler(event, {});
  };
  await answerMany(warmRequests / 4);
  const warmCpuMs = cpuMs();
  await answerMany(warmRequests);
  report.requestCpuMs = (cpuMs() - warmCpuMs) / warmRequests;
  report.residentMb = process.resourceUsage().maxRSS / 1024;
}
writeSync(1, `${JSON.stringify(report)}\n`);
process.exit();

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
