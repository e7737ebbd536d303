const NOBODY = 65_534;

/**
 * Runs the work without root's rights over files, so that file modes count in a container as well. The process has its rights
 * back afterwards. Directories that the work uses must be owned by `unprivilegedUser`.
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

/** The id of the user that `unprivileged` works as. */
export function unprivilegedUser(): number {
  return process.geteuid?.() === 0 ? NOBODY : (process.geteuid?.() ?? NOBODY);
}
