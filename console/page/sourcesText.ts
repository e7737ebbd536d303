import type { UsageSource } from '../../keys/usage.ts';

const SOURCE_NAMES: Readonly<Record<UsageSource, string>> = {
  'access-log': 'access logs',
  'minute-lines': 'minute lines',
};

/** Returns the sources of the counts for the note below a chart. */
export function sourcesText(sources: readonly UsageSource[]): string {
  return `Counted from ${sources.map((source) => SOURCE_NAMES[source]).join(' and ')}, in UTC.`;
}
