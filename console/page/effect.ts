import { timeOfDay } from '../../components/exactTime.ts';
import { IN_ENGLISH } from '../../components/language.ts';

/** The words for changes to a key in notices. */
export type Change = 'Saved' | 'Enabled' | 'Disabled' | 'Revoked' | 'Reset';

/**
 * Returns a sentence that states when a change reaches every authorizer. Pass `null` for an unknown delay.
 *
 * @param verb - what happens then: `Accepted`, `Refused` or `In effect`
 */
export function effectSentence(
  verb: 'Accepted' | 'Refused' | 'In effect',
  delaySeconds: number | null,
  nowMs: number,
): string {
  if (delaySeconds === null) return `${verb} everywhere once the authorizers' caches expire.`;
  if (delaySeconds === 0) return `${verb} everywhere now.`;
  return `${verb} everywhere by ${timeOfDay(nowMs + delaySeconds * 1000, IN_ENGLISH)} (within ${delaySeconds} s).`;
}
