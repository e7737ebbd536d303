import { keysCommand } from '../command.ts';
import { acceptedNotice, done, refusedNotice } from '../outcome.ts';
import { recordJson } from '../records.ts';

const JSON_RESULT = {
  help: 'print one JSON document, {"record"}, or {"records", "skipped"} for several ids or --owner',
  print: recordJson,
};

const DISABLE_DETAILS = `
The authorizer rejects a disabled key until you enable it again. The change takes effect with the same delay as a
revocation: see latchkey revoke --help. That help also describes several ids and --owner. disable skips keys that are
disabled or revoked already.`;

/** Adds `latchkey disable`, which disables keys until they are enabled again. */
export const addDisableCommand = keysCommand({
  examples: ['latchkey disable 0f8c1a52 --stack Orders', 'latchkey disable --owner acme --stack Orders'],
  details: DISABLE_DETAILS,
  ask: {
    question: ({ revokedAt, disabledAt }, name) =>
      revokedAt === undefined && disabledAt === undefined
        ? `Disable key ${name}? It will be rejected until you enable it again.`
        : undefined,
  },
  several: {
    verb: 'Disable',
    change: 'disabled',
    warning: 'They will be rejected until you enable them again.',
    isDone: ({ revokedAt, disabledAt }) => revokedAt !== undefined || disabledAt !== undefined,
    skipped: 'disabled or revoked already',
    notice: refusedNotice,
  },
  json: JSON_RESULT,
  act: (registry, id) => registry.disable(id),
  print: (record, { revocationDelaySeconds }, { output, now }) =>
    output.fill(`${done('Disabled', record, output.colors)} ${refusedNotice(revocationDelaySeconds, now())}`),
});

const ENABLE_DETAILS = `
enable asks for confirmation only with several ids or --owner. It skips keys that are not disabled. --owner also skips
revoked keys. latchkey revoke --help describes several ids and --owner.`;

/** Adds `latchkey enable`, which enables disabled keys. */
export const addEnableCommand = keysCommand({
  examples: ['latchkey enable 0f8c1a52 --stack Orders', 'latchkey enable --owner acme --stack Orders'],
  details: ENABLE_DETAILS,
  several: {
    verb: 'Enable',
    change: 'enabled',
    warning: 'They will be accepted again.',
    isDone: ({ revokedAt, disabledAt }) => revokedAt === undefined && disabledAt === undefined,
    skipped: 'not disabled, or revoked',
    notice: acceptedNotice,
  },
  json: JSON_RESULT,
  act: (registry, id) => registry.enable(id),
  print: (record, { revocationDelaySeconds }, { output, now }) =>
    output.fill(`${done('Enabled', record, output.colors)} ${acceptedNotice(revocationDelaySeconds, now())}`),
});
