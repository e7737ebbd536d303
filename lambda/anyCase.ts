const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;
/** What a capital letter of ASCII lacks of the small one. */
const CASE_BIT = 0x20;

/** Whether the text begins with what is wanted, in small letters, letter case of ASCII aside. Makes no other text of it. */
export function startsInAnyCase(text: string, wanted: string): boolean {
  for (let at = 0; at < wanted.length; at++) {
    const code = text.charCodeAt(at);
    const isCapital = code >= CAPITAL_A && code <= CAPITAL_Z;
    if ((isCapital ? code | CASE_BIT : code) !== wanted.charCodeAt(at)) return false;
  }
  return true;
}
