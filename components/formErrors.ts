/** The fields of the forms, by the names that error messages use. */
const FIELDS = [
  'label',
  'owner',
  'scopes',
  'plan',
  'expiresAt',
  'expiry',
  'allowedIps',
  'metadata',
  'reason',
  'confirm',
] as const;
/** The name of a field in an error message. */
export type FieldName = (typeof FIELDS)[number];

/** The parts of an error message that belong to fields, and the rest. */
export interface FormErrors {
  readonly byField: Readonly<Partial<Record<FieldName, string>>>;
  /** Empty if each part of the message belongs to a field. */
  readonly rest: string;
}

const FIELD = `(?:${FIELDS.join('|')}): `;
const BOUNDARY = new RegExp(`; (?=${FIELD})`);
const PART = new RegExp(`^(${FIELDS.join('|')}): (.+)$`, 's');

/** Splits a message such as `label: expected …; plan: expected …` into a message for each field. */
export function splitErrors(message: string): FormErrors {
  const byField: Partial<Record<FieldName, string>> = {};
  const rest: string[] = [];
  for (const part of message.split(BOUNDARY)) {
    const [, name, text] = PART.exec(part) ?? [];
    if (name === undefined || text === undefined) rest.push(part);
    else byField[name === 'expiresAt' ? 'expiry' : (name as FieldName)] = toSentence(text);
  }
  return { byField, rest: rest.join('; ') };
}

function toSentence(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
