/**
 * Expressions for lists and typed arrays, as they should be and as they should not.
 */
import { among } from './draw.js';

/** Lists, mostly of what does not belong into one. */
export const lists = among(
  ...[
    '[]',
    '[[]]',
    '[[], []]',
    '[[[]]]',
    '[1]',
    '[1, 2, 3]',
    '[[1, 2], [3, 4]]',
    '[[1], [2, 3]]',
    '[1, [2]]',
  ],
  ...['[[1], 2]', '[null]', '[undefined]', '[NaN]', '[1n]', '[true, false]', "['a']", '[Symbol()]', '[{}]'],
  ...[
    '[() => 1]',
    '[1, , 3]',
    'new Array(5)',
    'new Array(100_000)',
    '[[1, , 3], [1, 2, 3]]',
    '[-1]',
    '[-1, -1]',
  ],
  ...[
    'odd.circularArray()',
    'odd.circularFirst()',
    'odd.shared()',
    'odd.deepArray()',
    '[[[[[[[[[1]]]]]]]]]',
    'odd.throwingArray()',
  ],
  ...[
    'Object.freeze([1, 2])',
    'new Proxy([1, 2], {})',
    'odd.throwingProxy([1])',
    '[new Array(3)]',
    '[[1, null]]',
  ],
  ...['odd.elsewhere("[1, 2]")', 'odd.elsewhere("[[1, 2], [3, 4]]")', 'Object.assign([1, 2], { shape: 1 })'],
  ...['new (class extends Array {})(3)', '[1e39, -1e39]', '[2 ** 53, 1.5]', '[2 ** 40, 2 ** 40]', '[0, 0]'],
);

/** Typed arrays of every kind, and the memory behind them. */
export const memory = among(
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array'].flatMap(
    (name) => [`${name}.of(1, 2, 3, 4)`, `new ${name}(0)`],
  ),
  ...[
    'Uint32Array.of(1, 2 ** 32 - 1)',
    'Float32Array.of(1, NaN)',
    'Float64Array.of(1e39, 1)',
    'new Float64Array(2)',
  ],
  ...[
    'BigInt64Array.of(1n, -1n)',
    'BigUint64Array.of(2n ** 64n - 1n)',
    'new BigInt64Array(0)',
    '[BigInt64Array.of(1n)]',
  ],
  ...[
    'new DataView(new ArrayBuffer(8))',
    'new ArrayBuffer(8)',
    'new SharedArrayBuffer(8)',
    'Buffer.from("abcd")',
  ],
  ...[
    'new Float32Array(new SharedArrayBuffer(16))',
    'odd.resized(32, 16)',
    'odd.resized(32, 4)',
    'odd.resized(16, 32)',
  ],
  ...[
    'odd.detached(new Float32Array(4))',
    'odd.detached(new BigInt64Array(4))',
    'odd.detached(new DataView(new ArrayBuffer(8)))',
  ],
  ...[
    '[odd.detached(new Float32Array(2))]',
    'odd.classless(new Float32Array(2))',
    'odd.classless(new DataView(new ArrayBuffer(8)))',
  ],
  ...[
    'odd.elsewhere("new Float32Array(4)")',
    'odd.elsewhere("new BigInt64Array(1)")',
    'odd.elsewhere("new DataView(new ArrayBuffer(2))")',
  ],
  ...[
    'new (class extends Float32Array {})(4)',
    'Object.freeze(new Float32Array(0))',
    'odd.elsewhere("new ArrayBuffer(2)")',
  ],
);
