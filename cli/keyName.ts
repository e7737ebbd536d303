import type { KeyRecord } from '../keys/record.ts';
import { printable } from '../keys/printable.ts';

/** What people are told of which key it is: its id and its label. */
export function keyName({ id, label }: KeyRecord): string {
  return `${printable(id)}, ${printable(JSON.stringify(label))}`;
}
