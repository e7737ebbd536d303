/** A zero-width joiner between two pictographs: it makes one emoji of them, such as a family, and hides nothing. */
const EMOJI_JOINER = String.raw`(?<=\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d(?=\p{Extended_Pictographic})`;

/**
 * Characters that a text must not bring to a terminal, a page or a log: controls (Cc), invisible format characters such as
 * bidirectional overrides, zero-width characters and tags (Cf), line and paragraph separators (Zl, Zp) and lone surrogates
 * (Cs). See Unicode Technical Report 36, section 2.
 */
const UNPRINTABLE = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]`;
const TO_ESCAPE = new RegExp(`(?!${EMOJI_JOINER})${UNPRINTABLE}`, 'gu');
/** Persian and Indic scripts spell words with the joiner and the non-joiner. */
const TO_REFUSE = new RegExp(String.raw`(?![\u200c\u200d])${UNPRINTABLE}`, 'u');

/**
 * Returns the text on one line, with every unprintable character as its JSON escape, such as `\u001b`. JSON stays JSON of the
 * same value.
 */
export function printable(text: string): string {
  return text.replaceAll(TO_ESCAPE, escape);
}

/** Returns a text of several lines as `printable` does, but keeps its line ends and tabs. */
export function printableLines(text: string): string {
  return text.replaceAll(TO_ESCAPE, (character) => (/[\n\t]/.test(character) ? character : escape(character)));
}

/** Whether a text has no control or invisible character, except joiners, which some scripts need. */
export function isPrintable(text: string): boolean {
  return !TO_REFUSE.test(text);
}

/** Characters beyond the Basic Multilingual Plane have two units, and JSON escapes each. */
function escape(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
