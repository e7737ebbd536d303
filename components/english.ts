/**
 * The English texts of the shared components. Words in braces are values. A plural has a text for each category of
 * `Intl.PluralRules` that the language uses, such as `hoursWithout_one`.
 */
export const ENGLISH = {
  close: 'Close',
  cancel: 'Cancel',
  optional: 'optional',
  copy: 'Copy {name}',
  copied: 'Copied',
  copyFailed: 'Select it and copy it yourself.',

  active: 'active',
  disabled: 'disabled',
  expired: 'expired',
  revoked: 'revoked',
  never: 'never',
  justNow: 'just now',
  soon: 'in less than a minute',

  expires: 'Expires',
  expiry_never: 'Never',
  expiry_1: '1 day',
  expiry_7: '7 days',
  expiry_30: '30 days',
  expiry_90: '90 days',
  expiry_365: '1 year',
  expiry_at: 'Date…',
  expiryTime: 'Expiry time',
  expiryMissing: 'Choose a date and a time.',
  expiryNone: 'The key never expires.',
  expiryOn: 'The key expires on {time}.',
  expiryInvalid: 'expected a date and a time, such as 2030-01-31T12:00',

  secretTitle: 'Save your key: {label}',
  secretIntro: "Copy the key now. You won't be able to see it again.",
  secretFormats: 'Formats',
  secretKey: 'Key',
  secretCopy: 'Copy key',
  secretCopied: 'Copied.',
  secretCopyFailed: "Couldn't copy the key. Select it and copy it yourself.",
  secretNotCopied: "You haven't copied the key. Close again to discard it.",
  secretOldKey: 'The old key works until {time} ({distance}).',

  rotateTitle: 'Rotate {label}',
  rotateAction: 'Rotate key',
  rotateGrace: 'The old key stops working',
  rotateExpiry: 'The new key expires',
  rotateSame: 'Same',
  rotateBothWork: 'Both keys work until {time} ({distance}).',
  rotateBothWorkToExpiry: 'Both keys work until {time} ({distance}, at its own expiry).',
  grace_0: 'Now',
  grace_3600: '1 hour',
  grace_86400: '24 hours',
  grace_604800: '7 days',
  grace_2592000: '30 days',

  revokeTitle: 'Revoke {label}?',
  revokeAction: 'Revoke key',
  revokeIntro: "A revoked key never works again. You can't undo this.",
  revokeConfirm: 'Type {word} to confirm',
  revokeUsedToday: 'This key was used in the last 24 hours.',
  revokeExpected: 'expected {word}',
  revokeReason: 'Reason',
  revokeReasonHint: 'Stored with the key and shown in its timeline.',
  revokeReasonExample: 'found in a public repository',
  revokeLastUsed: 'Last used',
  revokeEffect: 'Effect',

  allowed: 'allowed',
  limited: 'limited',
  refused: 'refused',
  count: '{count} {outcome}',
  noRequests: 'no requests',
  hoursWithout_one: '{count} hour without requests',
  hoursWithout_other: '{count} hours without requests',
  daysWithout_one: '{count} day without requests',
  daysWithout_other: '{count} days without requests',
} as const satisfies Readonly<Record<string, string>>;

/** The name of a text of the shared components. */
export type TextName = keyof typeof ENGLISH;

/** The texts of the shared components in one language. */
export type SharedTexts = Readonly<Record<TextName, string>>;
