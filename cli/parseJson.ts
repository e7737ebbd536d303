/** The text as JSON, or `undefined`. V8's own complaint is dropped: it quotes the text, which may hold a secret. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
