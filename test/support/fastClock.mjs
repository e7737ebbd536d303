// A program imports this file first. Its timers then fire in an eighth of the time, so a test doesn't wait half a
// minute. It doesn't affect the network.
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

const FASTER = 8;
const { setTimeout } = globalThis;
const { setTimeout: sleep } = timersPromises;

globalThis.setTimeout = Object.assign(
  (callback, ms, ...args) => setTimeout(callback, ms / FASTER, ...args),
  setTimeout,
);
timersPromises.setTimeout = (ms, ...args) => sleep(ms / FASTER, ...args);
syncBuiltinESMExports();
