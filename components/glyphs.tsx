import type { ComponentChildren } from 'preact';

function Glyph({ children }: { children: ComponentChildren }) {
  return (
    <svg class="glyph" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {children}
    </svg>
  );
}

/** Shows two sheets of paper, the sign for a copy. */
export function CopyGlyph() {
  return (
    <Glyph>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
    </Glyph>
  );
}

/** Shows a tick. */
export function CheckGlyph() {
  return (
    <Glyph>
      <path d="m3 8.5 3.5 3.5L13 4.5" />
    </Glyph>
  );
}

/** Shows a cross, the sign of the buttons that close or remove something. */
export function CrossGlyph() {
  return (
    <Glyph>
      <path d="m4 4 8 8M12 4l-8 8" />
    </Glyph>
  );
}
