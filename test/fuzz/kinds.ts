/**
 * Kinds of arguments that belong somewhere: sizes, axes, tensors, data and such.
 */
import { among, type Draw, either, type Kind } from './draw.js';
import { orJunk, unsized } from './junk.js';

/** A size: small, or so large that no machine has the memory. */
export const size: Kind = orJunk(
  (draw) =>
    draw.chance(0.05) ? draw.pick(['0', '2 ** 40', '2 ** 53 - 1']) : draw.pick(['1', '2', '3', '4', '5']),
  unsized,
);
/** A number of rows, epochs or such. */
export const count: Kind = orJunk(among('0', '1', '2', '3', '7', '32', '2 ** 32 - 1'));
/** A share or rate. */
export const share: Kind = orJunk(among('0', '0.1', '0.25', '0.5', '0.9', '0.999', '1'));
/** Any number. */
export const number: Kind = orJunk(among('0', '1', '-1', '0.5', '2', '-0.01', '1e-3', '1e30', '-3'));
/** A boolean. */
export const flag: Kind = orJunk(among('true', 'false'));
/** An axis. */
export const axis: Kind = orJunk((draw) =>
  draw.chance(0.03)
    ? draw.pick(['2 ** 27', '-(2 ** 27)', '2 ** 32 - 1'])
    : draw.pick(['-1', '0', '1', '2', '-2', '3', '-5']),
);
/** An axis or several. */
export const axes: Kind = orJunk(
  among('-1', '0', '1', '[0]', '[1]', '[0, 1]', '[-1, 0]', '[]', '[1, 1]', '[2]'),
);
/** A list of sizes without the batch. */
export const shape: Kind = orJunk(
  (draw) => (draw.chance(0.3) ? '[4]' : `[${draw.several(0, 3, sizeOrUnknown)}]`),
  unsized,
);
const sizeOrUnknown: Kind = (draw: Draw) => (draw.chance(0.15) ? draw.pick(['null', '-1']) : size(draw));
/** Numbers in a list. */
export const numbers: Kind = orJunk((draw) => `[${draw.several(0, 4, number)}]`);
/** An element type. */
export const dtype: Kind = orJunk(among("'float32'", "'int32'", "'bool'"));
/** A name of something. */
export const name: Kind = orJunk(among("'a'", "'b'", "'dense'", "'input'", "'layer 1'", "'a_1'", "'é'"));

/** A concrete tensor. */
export const concrete: Kind = orJunk(among('$t', '$t', '$v', '$s', '$n', '$k', '$c', '$empty', '$col'));
/** A tensor of the functional API. */
export const symbolic: Kind = orJunk(among('$a', '$a', '$a', '$b', '$i', '$u', '$flat', '$wide'));
/** What an op may take. */
export const operand: Kind = either(
  concrete,
  symbolic,
  concrete,
  orJunk(among('$w', '1', '-0.5', '$other', '$kept')),
);

/** What tensors are made of. */
export const tensorInput: Kind = orJunk(
  either(
    concrete,
    among('[[1, 2, 3, 4]]', '[1, 0, 1]', '3', 'true', '[[true, false]]', '[[0.5], [1.5]]', '[]', '[[]]'),
    among(
      'new Float32Array(4)',
      'Int32Array.of(0, 1, 2, 1)',
      'Float64Array.of(1, 2)',
      '[Float32Array.of(1, 2)]',
    ),
    among(
      'BigInt64Array.of(0n, 1n)',
      'Uint8Array.of(0, 1)',
      '[Uint8Array.of(0, 1, 1, 0)]',
      'new Float32Array(0)',
    ),
  ),
);

const ROWS = 4;
const filled = (columns: number, value: string): string =>
  `[${Array.from({ length: ROWS }, () => `[${Array.from({ length: columns }, () => value).join(', ')}]`).join(', ')}]`;

/** Rows for a model of four features. */
export const x: Kind = orJunk(
  either(
    among('$x', '$x', '$x', '$x', filled(4, '1'), '{ input: $x }', '[[1, 2, 3, 4]]', '[$x, $x]'),
    (draw) => (draw.chance(0.7) ? '$x' : tensorInput(draw)),
  ),
);
/** Labels, or weights, of as many rows. */
export const y: Kind = orJunk(
  either(
    among('$y', '$y', '$y', '$y', filled(1, '0'), '[0, 1, 2, 1]', 'Int32Array.of(0, 1, 2, 1)', '[$y, $y]'),
    (draw) => (draw.chance(0.7) ? '$y' : tensorInput(draw)),
  ),
);
/** A path. */
export const path: Kind = orJunk(
  among(
    'own.path()',
    'own.path("model")',
    'own.path("no/such/folder")',
    'own.path("..")',
    "'relative'",
    "'.'",
  ),
);
