import { keyCommand } from '../command.ts';
import { acceptedNotice, done, refusedNotice } from '../outcome.ts';

const DISABLE_DETAILS = `
The authorizer rejects a disabled key until you enable it again. The change takes effect with the same delay as a
revocation: see latchkey revoke --help.`;

/** Adds `latchkey disable`, which disables one key until it is enabled again. */
export const addDisableCommand = keyCommand({
  examples: ['latchkey disable 0f8c1a52 --stack Orders', 'latchkey disable 0f8c1a52 --yes --table keys'],
  details: DISABLE_DETAILS,
  ask: {
    question: ({ revokedAt, disabledAt }, name) =>
      revokedAt === undefined && disabledAt === undefined
        ? `Disable key ${name}? It will be rejected until you enable it again.`
        : undefined,
  },
  act: (registry, id) => registry.disable(id),
  print: (record, { revocationDelaySeconds }, { output, now }) =>
    output.fill(`${done('Disabled', record, output.colors)} ${refusedNotice(revocationDelaySeconds, now())}`),
});

/** Adds `latchkey enable`, which enables one disabled key. */
export const addEnableCommand = keyCommand({
  examples: ['latchkey enable 0f8c1a52 --stack Orders'],
  act: (registry, id) => registry.enable(id),
  print: (record, { revocationDelaySeconds }, { output, now }) =>
    output.fill(`${done('Enabled', record, output.colors)} ${acceptedNotice(revocationDelaySeconds, now())}`),
});
