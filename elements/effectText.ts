import { timeOfDay } from '../components/exactTime.ts';
import { fill } from '../components/language.ts';
import type { KeysLanguage } from './keysLanguage.ts';

/** Returns a sentence that states when a change reaches every authorizer. Pass `null` for an unknown delay. */
export function effectText(
  verb: 'refused' | 'accepted',
  delaySeconds: number | null,
  nowMs: number,
  language: KeysLanguage,
): string {
  const { texts } = language;
  if (delaySeconds === null) return texts[`${verb}Later`];
  if (delaySeconds === 0) return texts[`${verb}Now`];
  return fill(texts[`${verb}By`], { time: timeOfDay(nowMs + delaySeconds * 1000, language) });
}
