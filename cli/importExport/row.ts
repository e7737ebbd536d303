/** An entry of a file before its fields are read, or the problem with it. */
export type Row =
  { readonly position: number; readonly value: unknown } | { readonly position: number; readonly problem: string };
