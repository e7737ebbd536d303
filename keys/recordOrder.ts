import type { KeyRecord } from './record.ts';
import { isNeverUsed, keyState } from './state.ts';

/** The fields by which you can sort keys. */
export type SortField = 'label' | 'owner' | 'state' | 'lastUsedAt' | 'expiresAt' | 'createdAt';

/** The sort order of keys. */
export interface RecordSort {
  readonly field: SortField;
  readonly isDescending: boolean;
}

type SortedFields = Omit<KeyRecord, 'keyHash'>;

/** Compares strings case-insensitively, and numbers in them by their value. */
export const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/**
 * Returns the sorted records. It evaluates their states at `nowMs`, in epoch milliseconds. Records without the field
 * come last in both directions. Equal records keep their order.
 */
export function sortRecords<T extends SortedFields>(
  records: readonly T[],
  sort: RecordSort,
  nowMs: number,
): readonly T[] {
  const { field, isDescending } = sort;
  const valueOf = (record: T) => {
    if (field === 'lastUsedAt' && isNeverUsed(record, nowMs)) return undefined;
    return field === 'state' ? keyState(record, nowMs) : record[field];
  };
  const isText = field === 'label' || field === 'owner';
  const compare = isText ? COLLATOR.compare : (a: string, b: string) => (a < b ? -1 : Number(a > b));
  const sign = isDescending ? -1 : 1;
  // The values are read once for each record, because comparisons would parse each date many times.
  const valued = records.map((record) => ({ record, value: valueOf(record) }));
  const sorted = valued.toSorted(({ value: left }, { value: right }) => {
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    return sign * compare(left, right);
  });
  return sorted.map(({ record }) => record);
}
