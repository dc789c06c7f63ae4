/**
 * Options as code: some of those that there are, with values of their kinds, in objects of many makes.
 */
import type { Draw, Kind } from './draw.js';
import { junk } from './junk.js';

const STRANGE = ['extra', 'Units', '__proto__', 'constructor', '0', '\ud800', '', 'length', 'toString'];

/** The object around the entries. */
function object(draw: Draw, entries: string): string {
  if (!draw.wild()) return `{ ${entries} }`;
  return draw.pick([
    `Object.freeze({ ${entries} })`,
    `Object.assign(Object.create(null), { ${entries} })`,
    `Object.create({ ${entries} })`,
    `new Proxy({ ${entries} }, {})`,
    `[{ ${entries} }]`,
    `Object.assign(() => 1, { ${entries} })`,
    `Object.assign(new Map(), { ${entries} })`,
    `Object.assign(odd.elsewhere('{}'), { ${entries} })`,
    `new (class { constructor() { Object.assign(this, { ${entries} }); } })()`,
  ]);
}

/** An entry for the option `name`. */
function entry(draw: Draw, name: string, kindOf: (name: string) => Kind): string {
  const key = JSON.stringify(name);
  if (draw.chance(draw.wildness / 10)) return `get ${key}() { throw odd.mine; }`;
  return `${key}: ${kindOf(name)(draw)}`;
}

/**
 * An object of options.
 *
 * @param names - Names of those there are.
 * @param required - Those among them that have no default.
 */
export function options(
  draw: Draw,
  names: readonly string[],
  kindOf: (name: string) => Kind,
  required: readonly string[] = [],
): string {
  if (draw.wild() && draw.chance(0.3)) return draw.chance(0.3) ? 'null' : junk(draw);
  const share = draw.pick([0, 0.15, 0.3, 0.6]);
  const chosen = names.filter((name) => draw.chance(required.includes(name) ? 0.97 : share));
  const entries = chosen.map((name) => entry(draw, name, kindOf));
  if (draw.chance(draw.wildness / 3)) {
    const name = JSON.stringify(draw.pick(STRANGE));
    entries.push(`[${name}]: ${junk(draw)}`);
  }
  return object(draw, entries.join(', '));
}

/** As {@link options}, or nothing. */
export const maybeOptions = (
  draw: Draw,
  names: readonly string[],
  kindOf: (name: string) => Kind,
): string[] => (draw.chance(0.4) ? [] : [options(draw, names, kindOf)]);
