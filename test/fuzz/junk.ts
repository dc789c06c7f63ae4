/**
 * Expressions for what does not belong: values of every type and shape that JavaScript has.
 */
import { among, type Draw, either, type Kind } from './draw.js';
import { lists, memory } from './lists.js';

const numbers = among(
  ...['NaN', '-0', '0', '1', '-1', '1.5', '-2.5', '0.1', '1e39', '-1e39', '1e-46', '2 ** 53', '2 ** 53 - 1'],
  ...['-(2 ** 31)', '-(2 ** 53)', '2 ** 40', '1e300', 'Infinity', '-Infinity', '3', '7'],
  ...['1n', '-1n', '2n ** 70n', 'true', 'false', 'undefined', 'null'],
);

/** Numbers just beyond 32 bits: as sizes they would be memory that some machines have. */
const middling = among('2 ** 31', '2 ** 31 - 1', '2 ** 32', '2 ** 32 - 1');

const text = among(
  ...["''", "' '", "'relu'", "'mse'", "'x'", "'1'", "'-1'", "'a/b'", "'a b'", "'name'", "'units'", "'axis'"],
  ...["'\\ud800'", "'a\\udfffb'", "'\\0'", "'a\\0b'", "'\\n'", "'\\u202e'", "'😀'", "'x'.repeat(70_000)"],
  ...["'__proto__'", "'constructor'", "'toString'", "'hasOwnProperty'", "'prototype'", "'call'"],
  ...["'float32'", "'int32'", "'bool'", "'float64'", "'val_loss'", "'loss'", "'auto'", "'inputs'"],
  ...['Symbol()', "Symbol('x')", 'Symbol.iterator', "new String('relu')", 'Object(1)', 'Object(1n)'],
);

const functions = among(
  ...[
    '() => {}',
    '() => 1',
    '(x) => x',
    '() => { throw odd.mine; }',
    'async () => 1',
    '() => odd.rejected()',
  ],
  ...['function* () {}', 'class {}', 'class extends Layer {}', 'Layer', 'Tensor', 'Math.max', 'Symbol'],
  ...['layers.dense', 'layers.Dense', 'ops.relu', 'losses.meanSquaredError', 'new Proxy(() => 1, {})'],
);

const objects = among(
  ...[
    '{}',
    '{ name: 1 }',
    "{ name: 'x' }",
    "{ name: 'relu' }",
    '{ length: 3 }',
    '{ shape: [2] }',
    '{ 0: 1 }',
  ],
  ...['Object.create(null)', 'Object.freeze({})', 'Object.create({ units: 3 })', '{ __proto__: { a: 1 } }'],
  ...['new Map()', "new Map([['a', 1]])", 'new Set([1, 2])', 'new Date(0)', 'new Date(NaN)', '/x/g'],
  ...["new Error('x')", 'new WeakMap()', 'Promise.resolve(1)', 'odd.rejected()', 'odd.thenable()', 'Math'],
  ...[
    'odd.generator()',
    '[1, 2][Symbol.iterator]()',
    'new Proxy({}, {})',
    'odd.throwingProxy()',
    'globalThis',
  ],
  ...['odd.throwing("name", "shape", "units", "length")', 'odd.noPrimitive()', 'odd.throwingPrimitive()'],
  ...['odd.circularObject()', "odd.circularObject('name')", 'odd.deepObject()', 'new URL("file:///x")'],
  ...['new AbortController().signal', 'new (class { name = "x" })()', 'new (class name {})()', 'arguments'],
  ...['odd.elsewhere("{ units: 3 }")', 'odd.elsewhere("new Map()")', 'odd.elsewhere("() => 1")'],
);

const things = among(
  ...[
    '$a',
    '$b',
    '$i',
    '$u',
    '$t',
    '$v',
    '$s',
    '$n',
    '$k',
    '$c',
    '$empty',
    '$w',
    '$layer',
    '$model',
    '$fresh',
  ],
  ...[
    '$disposed',
    '$other',
    '$kept',
    'new Proxy($a, {})',
    'new Proxy($t, {})',
    '[$a]',
    '[$t]',
    '[$a, $t]',
    '[$layer]',
    'regularizers.l2()',
    'optimizers.adam()',
  ],
  ...['losses.meanSquaredError()', 'metrics.accuracy()', 'initializers.ones()', 'constraints.nonNeg()'],
  ...['callbacks.earlyStopping()', '$optimizer', 'new Model()', 'new Sequential()'],
);

/** What is passed by mistake most often. */
const basic = among(
  ...['null', 'undefined', '{}', '[]', 'NaN', '-1', '1.5', "''", "'x'", '() => {}', 'Symbol()', '1n', 'true'],
);

const plain = either(basic, basic, numbers, text, functions, objects, lists, memory, things);

/** Anything that may stand for a size. */
export const unsized: Kind = (draw: Draw): string => {
  const inner = plain(draw);
  if (!draw.chance(0.15)) return inner;
  return draw.pick([
    `[${inner}]`,
    `{ name: ${inner} }`,
    `[[${inner}], ${plain(draw)}]`,
    `{ [${text(draw)}]: ${inner} }`,
  ]);
};

/** Anything. */
export const junk: Kind = (draw) => (draw.chance(0.05) ? middling(draw) : unsized(draw));

/** What belongs, or anything. */
export const orJunk =
  (kind: Kind, other: Kind = junk): Kind =>
  (draw) =>
    draw.wild() ? other(draw) : kind(draw);
