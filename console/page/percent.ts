/** Returns a part of a whole as a percentage: `12 %`. A small part is `<1 %`, and an almost whole part is `>99 %`. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  const share = (100 * part) / whole;
  if (share < 1) return '<1 %';
  if (share > 99 && part < whole) return '>99 %';
  return `${Math.round(share)} %`;
}
