import { ENGLISH, type SharedTexts } from './english.ts';

/** The texts of a page and the formats of its numbers and times. */
export interface Language {
  readonly texts: SharedTexts;
  /** The BCP 47 tag for numbers, days and distances in time. */
  readonly locale: string;
  /** The BCP 47 tag for exact times. */
  readonly timeLocale: string;
}

/** English with exact times such as `30 Nov 2026, 15:13`. The console's language. */
export const IN_ENGLISH: Language = { texts: ENGLISH, locale: 'en', timeLocale: 'en-GB' };

/** Returns a text with values for its words in braces. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w{1,40})\}/g, (word, name: string) => String(values[name] ?? word));
}

/** Returns the text `NAME_one`, `NAME_other` or of another plural category, with the count in it. */
export function plural(
  { texts, locale }: { readonly texts: Readonly<Record<string, string>>; readonly locale: string },
  name: string,
  count: number,
): string {
  const category = new Intl.PluralRules(locale).select(count);
  const text = texts[`${name}_${category}`] ?? texts[`${name}_other`] ?? '';
  return fill(text, { count: count.toLocaleString(locale) });
}
