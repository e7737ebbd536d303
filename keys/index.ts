// The exports of this layer that the package publishes: the registry and its types.
export { createKeyRegistry, type CreateKeyRegistryOptions } from './createKeyRegistry.ts';
export {
  KeyRegistry,
  REGISTRY_TRANSLATION,
  type PreparedRotation,
  type CountedTogether,
  type HistoryEntry,
  type HistoryOptions,
  type ImportedKey,
  type ImportOptions,
  type ImportResult,
  type IssueOptions,
  type IssuedKey,
  type KeyChanges,
  type KeyHistory,
  type KeyLimits,
  type KeyRegistryOptions,
  type LimitedKey,
  type LimitsReset,
  type ListOptions,
  type ListPage,
  type QuotaUse,
  type RecordsOptions,
  type ResetTarget,
  type RevokeOptions,
  type RotateOptions,
  type Rotation,
  type ThrottleUse,
  type UpdateOptions,
  type BusiestKey,
  type LatencyPercentiles,
  type Usage,
  type UsageOptions,
  type UsageReport,
  type UsageRow,
} from './registry.ts';
export { LatchkeyError, type ErrorCode } from './errors.ts';
export type { NewKey } from './fields.ts';
export { keyState, type KeyState } from './state.ts';
export type { JsonObject, JsonValue } from './json.ts';
export type { KeyRecord, PublicRecord } from './record.ts';
export {
  generateSecret,
  hashSecret,
  parseKeyHash,
  parseSecret,
  type ExternalKeys,
  type KeyFormat,
  type KeyHash,
  type KeySecret,
} from './secret.ts';
export type {
  KeyChangeDetail,
  KeyCreatedDetail,
  KeyEventBasis,
  KeyEventDetail,
  KeyEventDetails,
  KeyEventType,
  KeyExpiringDetail,
  KeyPurgedDetail,
  KeyRevokedDetail,
  KeyRotatedDetail,
  KeyUnusedDetail,
  QuotaNearlySpentDetail,
  TrackedChange,
  TrackedField,
  TrackedValue,
} from './keyEvent.ts';
export { createTableInput } from './table.ts';
export { createHistoryTableInput } from './history.ts';
export { createUsageTableInput } from './usage.ts';
export type { RetryOptions } from './dynamodb.ts';
export type { BusyKey, UsageCounts, UsageSource } from './usage.ts';
export type { UsagePeriod } from './usagePeriods.ts';
export type { Timestamp } from './timestamp.ts';
