/** A zero-width joiner between two pictographs. It makes one emoji of them, such as a family, and hides nothing. */
const EMOJI_JOINER = String.raw`(?<=\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d(?=\p{Extended_Pictographic})`;
/** Makes an emoji of the previous character. */
const EMOJI_STYLE = String.raw`(?<=\p{Emoji})\ufe0f`;
/** Persian and Indic scripts spell words with the joiner and the non-joiner. Between Latin, Greek or Cyrillic letters they only hide. */
const SCRIPT_JOINER = String.raw`(?<=(?![\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}])[\p{L}\p{M}])[\u200c\u200d]`;

/**
 * Characters that are unsafe in a terminal, a page or a log: controls (Cc), invisible format characters such as bidirectional
 * overrides and tags (Cf), line and paragraph separators (Zl, Zp), lone surrogates (Cs), and other invisible characters
 * (Default_Ignorable_Code_Point), such as zero-width characters and the Hangul fillers. See Unicode Technical Report 36, section 2.
 */
const UNPRINTABLE = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]`;
const TO_ESCAPE = new RegExp(`(?!${EMOJI_JOINER}|${EMOJI_STYLE})${UNPRINTABLE}`, 'gu');
const TO_REFUSE = new RegExp(`(?!${EMOJI_JOINER}|${EMOJI_STYLE}|${SCRIPT_JOINER})${UNPRINTABLE}`, 'u');

/**
 * Returns the text on one line, with every unprintable character as its JSON escape, such as `\u001b`. JSON keeps its value.
 */
export function printable(text: string): string {
  return text.replaceAll(TO_ESCAPE, escape);
}

/** Returns the text like `printable`, but keeps its line ends and tabs. */
export function printableLines(text: string): string {
  return text.replaceAll(TO_ESCAPE, (character) => (/[\n\t]/.test(character) ? character : escape(character)));
}

/** Returns whether a text has no control or invisible characters, except joiners that an emoji or a script needs. */
export function isPrintable(text: string): boolean {
  return !TO_REFUSE.test(text);
}

/** Characters beyond the Basic Multilingual Plane have two units, and JSON escapes each. */
function escape(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
