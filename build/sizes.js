// Measures the bundles of a build.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LARGEST = 6;

/** Returns the raw and gzip bytes of a bundle. */
function measureSizes(file) {
  const content = readFileSync(file);
  return { raw: content.length, gzip: gzipSync(content).length };
}

/** Returns a line for each bundle of a build, with its largest packages. */
export function sizeReport(root, metafile) {
  const lines = Object.entries(metafile.outputs).map(([file, { inputs }]) => {
    const { raw, gzip } = measureSizes(join(root, file));
    const largest = Object.entries(bytesByPackage(inputs))
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, LARGEST);
    const shares = largest.map(([name, bytes]) => `${name} ${kilobytes(bytes)}`);
    return `${file}: ${kilobytes(raw)} KB, gzip ${kilobytes(gzip)} KB (${shares.join(', ')})\n`;
  });
  return lines.join('');
}

function bytesByPackage(inputs) {
  const bytes = {};
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const [, name = 'latchkey'] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    bytes[name] = (bytes[name] ?? 0) + bytesInOutput;
  }
  return bytes;
}

function kilobytes(bytes) {
  return (bytes / 1000).toFixed(1);
}
