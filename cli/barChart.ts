/** One line of a chart. */
export interface Bar {
  readonly name: string;
  readonly count: number;
}

const MARK = '#';

/** Counts with a bar for each, no line wider than `width`. The longest bar of `scale` fills it; what is there is seen. */
export function barChart(
  bars: readonly Bar[],
  { width, scale }: { readonly width: number; readonly scale: number },
): string {
  const nameWidth = Math.max(...bars.map(({ name }) => name.length));
  const countWidth = Math.max(...bars.map(({ count }) => String(count).length), String(scale).length);
  const room = Math.max(1, width - nameWidth - countWidth - 4);
  const lines = bars.map(({ name, count }) => {
    const length = count === 0 ? 0 : Math.max(1, Math.round((count / scale) * room));
    return `${name.padEnd(nameWidth)}  ${String(count).padStart(countWidth)}  ${MARK.repeat(length)}`.trimEnd();
  });
  return lines.join('\n');
}
