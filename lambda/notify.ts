/**
 * Calls an application's callback, which may throw or reject. Neither may change the decision or end the process.
 */
export async function notify<Values extends readonly unknown[]>(
  callback: (...values: Values) => unknown,
  ...values: Values
): Promise<void> {
  try {
    await callback(...values);
  } catch {
    // Only the application could handle the error.
  }
}
