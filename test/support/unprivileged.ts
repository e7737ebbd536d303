const NOBODY = 65_534;

/**
 * Runs the work without root's rights over files, because file modes must also apply in a container. The process gets
 * its rights back afterwards. `unprivilegedUser` must own the directories that the work uses.
 */
export async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Returns the id of the user under which `unprivileged` runs the work. */
export function unprivilegedUser(): number {
  return process.geteuid?.() === 0 ? NOBODY : (process.geteuid?.() ?? NOBODY);
}
