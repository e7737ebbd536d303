/** An expired or revoked record is kept this long for the audit, then left to the table's TTL. */
const PURGE_AFTER_DAYS = 90;

/** When the record of a key that ends then may go, in the epoch seconds that DynamoDB's TTL wants. */
export function purgeAfter(endMs: number): number {
  return Math.floor(endMs / 1000) + PURGE_AFTER_DAYS * 24 * 3600;
}
