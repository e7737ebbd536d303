/**
 * Calls `read` now, at each interval, and whenever the page becomes visible. Doesn't call it while the page is hidden.
 * Returns a function that stops the calls.
 */
export function whileVisible(read: () => void, everyMs: number): () => void {
  const readIfVisible = () => {
    if (!document.hidden) read();
  };
  readIfVisible();
  const timer = setInterval(readIfVisible, everyMs);
  document.addEventListener('visibilitychange', readIfVisible);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', readIfVisible);
  };
}
