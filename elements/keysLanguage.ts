import type { Language } from '../components/language.ts';
import { ENGLISH, type KeysTexts } from './english.ts';
import { GERMAN } from './german.ts';

/** The texts of `<latchkey-keys>` and the formats of its numbers and times. */
export interface KeysLanguage extends Language {
  readonly texts: KeysTexts;
}

/** The shipped texts by language, as BCP 47 primary subtags. */
export const TEXTS: Readonly<Record<string, KeysTexts>> = { en: ENGLISH, de: GERMAN };

/**
 * Returns the language for a tag of the page, such as `de-AT`. A language without shipped texts becomes English, unless
 * the page passes texts of its own. Own texts replace single ones too.
 */
export function toKeysLanguage(tag: string, own: Partial<KeysTexts> | undefined): KeysLanguage {
  const [primary = ''] = tag.toLowerCase().split('-');
  const shipped = Object.hasOwn(TEXTS, primary) ? TEXTS[primary] : undefined;
  const locale = isLocale(tag) && (shipped !== undefined || own !== undefined) ? tag : 'en';
  return { texts: { ...(shipped ?? ENGLISH), ...own }, locale, timeLocale: locale };
}

/** Returns whether `Intl` accepts a tag. A page can contain any text in `lang`. */
function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
