import { textWidth } from './wrap.ts';

/** One line of a chart. */
export interface Bar {
  readonly name: string;
  readonly count: number;
  /** Colours the bar. */
  readonly paint?: (bar: string) => string;
}

interface ChartOptions {
  /** The maximum width of a line. */
  readonly width: number;
  readonly nameWidth: number;
  /** The count that fills the line. */
  readonly scale: number;
  /** The least width of the counts, such as that of their heading. The default is the width of the widest count. */
  readonly minCountWidth?: number;
}

const FULL_BLOCK = '█';
/** Blocks of one eighth to seven eighths of a column (Unicode, "Block Elements"). */
const PART_BLOCKS = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const EIGHTHS = PART_BLOCKS.length + 1;

/** Returns the counts with a bar for each. A bar is exact to an eighth of a column, and at least that long. */
export function barChart(bars: readonly Bar[], { width, nameWidth, scale, minCountWidth = 0 }: ChartOptions): string {
  const widths = [minCountWidth, String(scale).length, ...bars.map(({ count }) => String(count).length)];
  const countWidth = Math.max(...widths);
  const maxLength = Math.max(1, width - nameWidth - countWidth - 4);
  const lines = bars.map(({ name, count, paint = (bar) => bar }) => {
    const eighths = count === 0 ? 0 : Math.max(1, Math.round((count / scale) * maxLength * EIGHTHS));
    const bar = `${FULL_BLOCK.repeat(Math.floor(eighths / EIGHTHS))}${PART_BLOCKS[(eighths % EIGHTHS) - 1] ?? ''}`;
    const padding = ' '.repeat(Math.max(0, nameWidth - textWidth(name)));
    const counted = `${name}${padding}  ${String(count).padStart(countWidth)}`;
    return bar === '' ? counted : `${counted}  ${paint(bar)}`;
  });
  return lines.join('\n');
}
