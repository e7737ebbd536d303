// Uses the registry from the built package, the same as an application. Each message is one call.
import { createKeyRegistry } from '../../dist/lib/index.js';

process.on('message', ({ id, endpoint, method, args }) => {
  const registry = createKeyRegistry({ tableName: 'keys', actor: 'tests', endpoint });
  void outcomeOf(() => registry[method](...args)).then((outcome) => process.send({ id, ...outcome }));
});
process.on('disconnect', () => process.exit());
process.send({ isReady: true });

async function outcomeOf(call) {
  try {
    return { value: (await call()) ?? null };
  } catch ({ code, message, cause }) {
    return { fault: { code, message, cause: cause?.name === 'Error' ? cause.code : cause?.name } };
  }
}
