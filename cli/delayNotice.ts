/** When a change to a key takes effect, for people; `undefined` where the deployment's delay is not known. */
export function delayNotice(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === undefined) {
    return "It may still be accepted for as long as caches hold it: the deployment's recordCacheTtl plus resultCacheTtl, which the stack states as its output RevocationDelaySeconds.";
  }
  if (revocationDelaySeconds === 0) return 'It is refused from now on: no cache holds it.';
  const unit = revocationDelaySeconds === 1 ? 'second' : 'seconds';
  return `It may still be accepted for up to ${revocationDelaySeconds} ${unit} (recordCacheTtl plus resultCacheTtl).`;
}
