/** Takes one more `--scope`. */
export function addScope(scope: string, scopes: readonly string[] = []): readonly string[] {
  return [...scopes, scope];
}
