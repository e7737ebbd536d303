/** What a function costs that does nothing. */
export async function handler(): Promise<object> {
  return {};
}
