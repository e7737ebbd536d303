/** An event before any surface has read it: by name, values of any kind. */
export type EventFields = Readonly<Record<string, unknown>>;
