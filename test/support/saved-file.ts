/**
 * Saved files from the inside: a length, a header in JSON, and what follows it.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** A header and what follows it, as a file. */
export function file(header: string | Buffer, data: Buffer): Buffer {
  const bytes = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes, data]);
}

/** Header and data of a file. */
export function parts(bytes: Buffer): { header: Buffer; data: Buffer } {
  const end = 8 + Number(bytes.readBigUInt64LE());
  return { header: bytes.subarray(8, end), data: bytes.subarray(end) };
}

/** Changes what the text of a saved model says. */
// biome-ignore lint/suspicious/noExplicitAny: any change.
export function rewrite(path: string, change: (saved: any) => void): void {
  const { header, data } = parts(readFileSync(path));
  const json = JSON.parse(header.toString());
  const saved = JSON.parse(json.__metadata__.ridgeline);
  change(saved);
  json.__metadata__.ridgeline = JSON.stringify(saved);
  writeFileSync(path, file(JSON.stringify(json), data));
}
