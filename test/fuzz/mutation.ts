/**
 * Changes to saved models: bytes, or what the JSON inside says.
 */
import type { Draw } from './draw.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const VALUES: readonly Json[] = [null, true, 0, -1, 1.5, 1e300, '', 'x', '__proto__', [], {}, [[]], [null]];

/** Every place in a value: what holds it, and its key. */
function places(value: Json, found: [Json[] | Record<string, Json>, string | number][] = []): typeof found {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    found.push([value as Record<string, Json>, key]);
    places(inner, found);
  }
  return found;
}

/** Replaces, leaves out or doubles something. */
function change(value: Json, draw: Draw): Json {
  const all = places(value);
  if (all.length === 0) return draw.pick(VALUES);
  const [holder, key] = draw.pick(all);
  const at = holder as Record<string, Json>;
  if (draw.chance(0.3)) delete at[key];
  else if (draw.chance(0.2)) at[key] = [at[key] as Json, at[key] as Json];
  else if (typeof at[key] === 'number' && draw.chance(0.5)) at[key] = draw.pick([-1, 0, 1, 2, 1e12, 0.5]);
  else at[key] = draw.pick(VALUES);
  return value;
}

/** The header of a safetensors file, and what follows it. */
function split(bytes: Uint8Array): { header: Record<string, Json>; rest: Uint8Array } {
  const length = Number(Buffer.from(bytes).readBigUInt64LE(0));
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()) as Record<string, Json>;
  return { header, rest: bytes.subarray(8 + length) };
}

function joined(header: Json, rest: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, rest]);
}

/** The file of a saved model, of which something was changed. */
export function mutated(bytes: Uint8Array, draw: Draw): Uint8Array {
  if (draw.chance(0.1)) return bytes.subarray(0, draw.int(bytes.length));
  if (draw.chance(0.1)) {
    const changed = Uint8Array.from(bytes);
    changed[draw.int(changed.length)] = draw.int(256);
    return changed;
  }
  const { header, rest } = split(bytes);
  if (draw.chance(0.1)) return joined(change(header, draw), rest);
  const metadata = header.__metadata__ as Record<string, string>;
  const [name] = Object.keys(metadata) as [string];
  metadata[name] = JSON.stringify(change(JSON.parse(metadata[name] as string) as Json, draw));
  return joined(header, rest);
}
