/**
 * A zero-width joiner between two pictographs. It joins them into one emoji, such as a family, and doesn't hide text.
 */
const EMOJI_JOINER = String.raw`(?<=\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d(?=\p{Extended_Pictographic})`;
/** The variation selector that turns the previous character into an emoji. */
const EMOJI_STYLE = String.raw`(?<=\p{Emoji})\ufe0f`;
/**
 * Matches a joiner or a non-joiner, which Persian and Indic scripts use in words. Their only use between Latin, Greek
 * or Cyrillic letters is to hide text.
 */
const SCRIPT_JOINER = String.raw`(?<=(?![\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}])[\p{L}\p{M}])[\u200c\u200d]`;

/**
 * Characters that are unsafe in a terminal, a page or a log. These are controls (Cc), line and paragraph separators
 * (Zl, Zp) and lone surrogates (Cs). They also include invisible format characters (Cf), such as bidirectional
 * overrides and tags. Other invisible characters (Default_Ignorable_Code_Point) include zero-width characters and the
 * Hangul fillers. See Unicode Technical Report 36, section 2.
 */
const UNPRINTABLE = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]`;
const TO_ESCAPE = new RegExp(`(?!${EMOJI_JOINER}|${EMOJI_STYLE})${UNPRINTABLE}`, 'gu');
const TO_REFUSE = new RegExp(`(?!${EMOJI_JOINER}|${EMOJI_STYLE}|${SCRIPT_JOINER})${UNPRINTABLE}`, 'u');

/**
 * Returns the text on one line. Each unprintable character becomes its JSON escape, such as `\u001b`. The value of a
 * JSON text doesn't change.
 */
export function printable(text: string): string {
  return text.replaceAll(TO_ESCAPE, escape);
}

/** Escapes unprintable characters like `printable`, but keeps newlines and tabs. */
export function printableLines(text: string): string {
  return text.replaceAll(TO_ESCAPE, (character) => (/[\n\t]/.test(character) ? character : escape(character)));
}

/** Returns whether the text is free of control and invisible characters. The joiners of emoji and scripts are valid. */
export function isPrintable(text: string): boolean {
  return !TO_REFUSE.test(text);
}

/** JSON escapes a character beyond the Basic Multilingual Plane as two code units. */
function escape(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
