import { delayNotice, enableNotice, severalDelayNotice, severalEnableNotice } from '../../operator/notices.ts';
import { keysCommand } from '../command.ts';
import { keyName } from '../output.ts';
import { recordJson } from '../records.ts';

const JSON_RESULT = {
  help: 'print one JSON document, {"record"}, or {"records","skipped"} for several ids or --owner',
  print: recordJson,
};

const DISABLE_HELP = `
The authorizer rejects a disabled key until you enable it again. The change takes effect with the same delay as a revocation: see latchkey
revoke --help. That help also describes several ids and --owner. disable skips keys that are disabled or revoked already.

  latchkey disable 0f8c1a52 --stack LatchkeyStack
  latchkey disable --owner acme --stack LatchkeyStack`;

/** Adds `latchkey disable`, which disables keys until they are enabled again. */
export const addDisableCommand = keysCommand({
  name: 'disable',
  description: 'Disable one or several keys. You can enable them again.',
  help: DISABLE_HELP,
  ask: {
    question: ({ revokedAt, disabledAt }, name) =>
      revokedAt === undefined && disabledAt === undefined
        ? `Disable key ${name}? It will be rejected until you enable it again.`
        : undefined,
    change: 'disabled',
  },
  several: {
    verb: 'Disable',
    change: 'disabled',
    warning: 'They will be rejected until you enable them again.',
    isDone: ({ revokedAt, disabledAt }) => revokedAt !== undefined || disabledAt !== undefined,
    skipped: 'disabled or revoked already',
    notice: ({ revocationDelaySeconds }) => severalDelayNotice(revocationDelaySeconds),
  },
  json: JSON_RESULT,
  act: (registry, id) => registry.disable(id),
  print: (record, { revocationDelaySeconds }) =>
    `Disabled key ${keyName(record)}.\n${delayNotice(revocationDelaySeconds)}`,
});

const ENABLE_HELP = `
enable asks for confirmation only with several ids or --owner. It skips keys that are not disabled. --owner also skips revoked
keys. latchkey revoke --help describes several ids and --owner.

  latchkey enable 0f8c1a52 --stack LatchkeyStack
  latchkey enable --owner acme --stack LatchkeyStack`;

/** Adds `latchkey enable`, which enables disabled keys. */
export const addEnableCommand = keysCommand({
  name: 'enable',
  description: 'Enable one or several disabled keys.',
  help: ENABLE_HELP,
  several: {
    verb: 'Enable',
    change: 'enabled',
    warning: 'They will be accepted again.',
    isDone: ({ revokedAt, disabledAt }) => revokedAt === undefined && disabledAt === undefined,
    skipped: 'not disabled, or revoked',
    notice: ({ revocationDelaySeconds }) => severalEnableNotice(revocationDelaySeconds),
  },
  json: JSON_RESULT,
  act: (registry, id) => registry.enable(id),
  print: (record, { revocationDelaySeconds }) =>
    `Enabled key ${keyName(record)}.\n${enableNotice(revocationDelaySeconds)}`,
});
