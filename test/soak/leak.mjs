// Loaded into a function. Makes it leak memory, and timers that keep its thread alive.
const kept = [];
setInterval(() => {
  kept.push(Buffer.alloc(2 * 1024 * 1024, 1));
  setInterval(() => {}, 3_600_000);
}, 20);
