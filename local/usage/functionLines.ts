import { StringDecoder } from 'node:string_decoder';

interface FunctionLinesDeps {
  /** Receives each usage line. */
  readonly onUsageLine: (line: string) => void;
  /** Receives the rest of the output. */
  readonly writeLog: (text: string) => void;
}

/** The start of a usage line of the authorizer. */
const USAGE_LINE = '{"level":"INFO","message":"usage",';

/**
 * Returns a function that receives the output of an authorizer and removes its usage lines. They are noise in a
 * terminal. A chunk may end within a line.
 */
export function createFunctionLines({
  onUsageLine,
  writeLog,
}: FunctionLinesDeps): (chunk: string | Uint8Array) => void {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  return (chunk) => {
    const lines = (pending + (typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)))).split('\n');
    pending = lines.pop() ?? '';
    const others = lines.filter((line) => !line.startsWith(USAGE_LINE));
    for (const line of lines) if (line.startsWith(USAGE_LINE)) onUsageLine(line);
    if (others.length > 0) writeLog(others.map((line) => `${line}\n`).join(''));
  };
}
