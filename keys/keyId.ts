/** Whether the text can be the id of a key, issued here or elsewhere. A UUID has 36 characters, and no raw key fits. */
export function isKeyId(id: unknown): id is string {
  return typeof id === 'string' && /^[0-9A-Za-z-]{1,36}$/.test(id);
}
