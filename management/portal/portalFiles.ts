import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { LatchkeyError } from '../../keys/errors.ts';
import type { PortalSettings } from '../function/settings.ts';

/** A file of the page. */
export interface PortalFile {
  readonly contentType: string;
  readonly content: string;
  readonly etag: string;
  /** Whether the file's name contains a hash of its content, so that browsers can keep it forever. */
  readonly isHashed: boolean;
}

/** The page's files by name. */
export type PortalFiles = ReadonlyMap<string, PortalFile>;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the page's files once. A request therefore can't access other files.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if the page isn't built
 */
export function readPortalFiles(directory: string): PortalFiles {
  const names = listFiles(directory).filter((name) => Object.hasOwn(CONTENT_TYPES, extname(name)));
  const files = new Map(names.map((name) => [name, toFile(name, readFileSync(join(directory, name), 'utf8'))]));
  if (findName(files, '.js') !== undefined && findName(files, '.css') !== undefined) return files;
  throw new LatchkeyError('CONFIG_INVALID', "the portal's files are missing from the function's bundle");
}

/** Returns the page. Its URLs are relative, so the API may have a stage's name or a base path in its URL. */
export function renderPage(
  { name, logoUrl, accentColor, returnOrigins }: PortalSettings,
  files: PortalFiles,
): PortalFile {
  const script = findName(files, '.js') ?? '';
  const style = findName(files, '.css') ?? '';
  const title = escapeHtml(name);
  const accent = accentColor === undefined ? '' : ` data-accent="${escapeHtml(accentColor)}"`;
  const [home, ...otherHomes] = returnOrigins;
  const back = home === undefined || otherHomes.length > 0 ? '' : ` data-home="${escapeHtml(home)}"`;
  const logo = logoUrl === undefined ? '' : `<img class="logo" src="${escapeHtml(logoUrl)}" alt="">`;
  const content = `<!doctype html>
<html lang="en"${accent}${back}>
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex">
    <title>${title}</title>
    <link rel="icon" href="portal/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="portal/${style}">
    <script type="module" src="portal/${script}"></script>
  </head>
  <body>
    <header>${logo}<h1>${title}</h1><nav></nav></header>
    <main><noscript>This page needs JavaScript.</noscript></main>
  </body>
</html>
`;
  return { ...toFile('index.html', content), contentType: 'text/html; charset=utf-8' };
}

function listFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function findName(files: PortalFiles, extension: string): string | undefined {
  return [...files.keys()].find((name) => extname(name) === extension);
}

function toFile(name: string, content: string): PortalFile {
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;
  const contentType = CONTENT_TYPES[extname(name)] ?? 'application/octet-stream';
  return { content, contentType, etag, isHashed: /-[A-Z0-9]{8}\.\w{1,10}$/.test(name) };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
