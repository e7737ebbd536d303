import { delayNotice, enableNotice } from '../../operator/notices.ts';
import { keyCommand } from '../command.ts';
import { keyName } from '../output.ts';

const DISABLE_HELP = `
The authorizer rejects a disabled key until you enable it again. The change takes effect with the same delay as a revocation: see latchkey
revoke --help.

  latchkey disable 0f8c1a52 --stack LatchkeyStack`;

/** Adds `latchkey disable`, which disables one key until it is enabled again. */
export const addDisableCommand = keyCommand({
  name: 'disable',
  description: 'Disable a key. You can enable it again.',
  help: DISABLE_HELP,
  ask: {
    question: ({ revokedAt, disabledAt }, name) =>
      revokedAt === undefined && disabledAt === undefined
        ? `Disable key ${name}? It will be rejected until you enable it again.`
        : undefined,
    change: 'disabled',
  },
  act: (registry, id) => registry.disable(id),
  print: (record, { revocationDelaySeconds }) =>
    `Disabled key ${keyName(record)}.\n${delayNotice(revocationDelaySeconds)}`,
});

const ENABLE_HELP = `
  latchkey enable 0f8c1a52 --stack LatchkeyStack`;

/** Adds `latchkey enable`, which enables one disabled key. */
export const addEnableCommand = keyCommand({
  name: 'enable',
  description: 'Enable a disabled key.',
  help: ENABLE_HELP,
  act: (registry, id) => registry.enable(id),
  print: (record, { revocationDelaySeconds }) =>
    `Enabled key ${keyName(record)}.\n${enableNotice(revocationDelaySeconds)}`,
});
