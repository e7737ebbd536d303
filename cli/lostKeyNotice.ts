import type { DrawnRotation, IssuedKey } from '../keys/registry.ts';

/** What to do where the write of a new key failed and may have been made, and nobody has been shown the key. */
export function lostKeyNotice({ record: { id } }: Pick<IssuedKey, 'record'>): string {
  return `whether the key was issued is not known: if the list has the id ${id}, revoke it, for nobody has the key`;
}

/** The same of a rotation: the old key may have an end already, and nobody has the new one. */
export function lostRotationNotice({ record, previous }: Pick<DrawnRotation, 'record' | 'previous'>): string {
  return `whether key ${previous.id} was rotated is not known: if its record tells that it was, rotate its successor ${record.id} in turn, for nobody has that key; if not, but the list has ${record.id}, revoke that and rotate again`;
}
