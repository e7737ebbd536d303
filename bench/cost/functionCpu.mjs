// Runs the bundle by itself and tells on file descriptor 3 what CPU it took. Plain JavaScript, so that nothing but the
// bundle is loaded and counted.
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [bundle, requests, keyId, eventText] = process.argv.slice(2);
const event = JSON.parse(eventText);
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const { handler } = await import(pathToFileURL(bundle).href);
await ask();
const coldStartMs = cpuMs();
for (let warmUp = 0; warmUp < requests / 4; warmUp++) await ask();
const startMs = cpuMs();
for (let request = 0; request < requests; request++) await handler(event, {});
const requestMs = (cpuMs() - startMs) / requests;
const residentMb = process.resourceUsage().maxRSS / 1024;
writeSync(3, JSON.stringify({ version: process.version, coldStartMs, requestMs, residentMb }));
process.exit(0);

async function ask() {
  const { principalId } = await handler(event, {});
  if (principalId !== keyId) throw new Error(`answered for ${principalId}`);
}
