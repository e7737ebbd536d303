import { crc32 } from 'node:zlib';

/** The digits of a key, in the order of their values. */
export const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
export const BASE = ALPHABET.length;

const CHECKSUM_DIGITS = 6;
const REFLECTED_POLYNOMIAL = 0xedb88320;

const DIGITS = new Int8Array(128).fill(-1);
for (let value = 0; value < BASE; value++) DIGITS[ALPHABET.charCodeAt(value)] = value;

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REFLECTED_POLYNOMIAL : crc >>> 1;
  return crc;
});

/** The value of a base62 digit given as a character code, or -1. */
export function digitOf(charCode: number): number {
  return DIGITS[charCode] ?? -1;
}

/** Takes one ASCII character into a running CRC-32 (IEEE), which starts at -1 and ends with its bits inverted. */
export function crc32Step(crc: number, charCode: number): number {
  return (crc >>> 8) ^ (CRC_TABLE[(crc ^ charCode) & 0xff] ?? 0);
}

/** CRC-32 (IEEE) of the text as 6 base62 digits, most significant first, padded with `0`. */
export function encodeChecksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let at = 0; at < CHECKSUM_DIGITS; at++) {
    digits = ALPHABET.charAt(rest % BASE) + digits;
    rest = Math.floor(rest / BASE);
  }
  return digits;
}
