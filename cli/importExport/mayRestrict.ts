import { plainName } from './readEntry.ts';

const MAY_RESTRICT =
  /revo[ck]|disab|enab|expir|delet|lock|suspend|active|activat|status|state|valid|until|notafter|archiv|bann|cancel|terminat|remov|retir|end(?:date|s|ed|at|time)|ttl(?!e)|^(?:is)?live$/;

/**
 * Returns whether an unknown column or field may have the meaning of a restriction. The import could import an ended
 * key as active if it ignored such a column.
 */
export function mayRestrict(name: string): boolean {
  return MAY_RESTRICT.test(plainName(name));
}
