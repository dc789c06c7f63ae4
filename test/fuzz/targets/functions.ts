/**
 * Calls of functions: ops and activations on tensors of every kind, and helpers for data.
 */
import * as ridgeline from 'ridgeline';
import { among, type Draw, either, type Kind } from '../draw.js';
import { junk, orJunk } from '../junk.js';
import * as kinds from '../kinds.js';
import { maybeOptions } from '../options.js';
import { namesIn } from '../parts.js';

const { axis, axes, concrete, count, dtype, flag, number, shape, share, size, tensorInput } = kinds;

type Arguments = (draw: Draw, operand: Kind) => string[];

const options =
  (of: Readonly<Record<string, Kind>>): Arguments =>
  (draw) =>
    maybeOptions(draw, Object.keys(of), (name) => of[name] ?? junk);
const optional =
  (kind: Kind): Arguments =>
  (draw) =>
    draw.chance(0.5) ? [] : [kind(draw)];
const always =
  (kind: Kind): Arguments =>
  (draw) => [kind(draw)];
const list: Arguments = (draw, operand) => [orJunk((d) => `[${d.several(0, 3, operand)}]`)(draw)];
const another: Arguments = (draw, operand) => [operand(draw)];

/** Arguments of functions behind the first operand; those that are not named here take operands or nothing. */
const BEHIND: Readonly<Record<string, readonly Arguments[]>> = {
  reshape: [always(shape)],
  broadcastTo: [always(shape)],
  transpose: [optional(axes)],
  slice: [
    (draw, operand) =>
      draw.chance(0.5)
        ? options({ start: count, end: count, axis })(draw, operand)
        : [count(draw), size(draw), ...optional(axis)(draw, operand)],
  ],
  split: [always(size), optional(axis)],
  gather: [another, optional(axis)],
  matmul: [another, options({ transposeA: flag, transposeB: flag })],
  linear: [another, (draw, operand) => optional(operand)(draw, operand)],
  sum: [options({ axis: axes, keepdims: flag })],
  mean: [options({ axis: axes, keepdims: flag })],
  max: [options({ axis: axes, keepdims: flag })],
  min: [options({ axis: axes, keepdims: flag })],
  argMax: [optional(axis)],
  variance: [options({ axis: axes, keepdims: flag })],
  std: [options({ axis: axes, keepdims: flag })],
  logSumExp: [options({ axis: axes, keepdims: flag })],
  norm: [options({ axis: axes, keepdims: flag, ord: number })],
  normalize: [options({ axis: axes, epsilon: number })],
  sort: [options({ axis, descending: flag })],
  argSort: [options({ axis, descending: flag })],
  topK: [always(size)],
  takeAlongAxis: [another, optional(axis)],
  cumsum: [optional(axis)],
  oneHot: [always(size)],
  positions: [always(axis)],
  zerosLike: [optional(shape)],
  onesLike: [optional(shape)],
  randomNormal: [options({ mean: number, stddev: number, shape, seed: count })],
  randomUniform: [options({ minval: number, maxval: number, shape, seed: count })],
  randomBernoulli: [always(share), options({ shape, seed: count })],
  zeros: [optional(dtype)],
  ones: [optional(dtype)],
  full: [always(number), optional(dtype)],
  eye: [optional(size), optional(count)],
  tril: [optional(count)],
  triu: [optional(count)],
  swapAxes: [always(axis), always(axis)],
  roll: [always(count), optional(axis)],
  prod: [options({ axis: axes, keepdims: flag })],
  argMin: [optional(axis)],
  cond: [(draw, operand) => [`() => (${operand(draw)})`], (draw, operand) => [`() => (${operand(draw)})`]],
  randomCategorical: [optional(size), options({ seed: count })],
  expandDims: [always(axis)],
  squeeze: [always(axis)],
  stack: [optional(axis)],
  softmax: [optional(axis)],
  logSoftmax: [optional(axis)],
  clip: [always(number), always(number)],
  cast: [always(dtype)],
  where: [another, another],
};
const ACTIVATED = options({
  negativeSlope: number,
  maxValue: number,
  threshold: number,
  alpha: number,
  approximate: flag,
  axis,
  defaultValue: number,
  b: number,
});

/** Functions that take a list of operands first. */
const LISTS = ['concat', 'stack'];
/** What others take first, where that is no operand. */
const FIRST: Readonly<Record<string, Kind>> = { zeros: shape, ones: shape, full: shape, eye: size };

const OPS = namesIn(ridgeline.ops);
const ACTIVATIONS = namesIn(ridgeline.activations);

/** A call of an op or an activation on operands of a kind. */
function call(draw: Draw, operand: Kind): string {
  const space = draw.pick(['ops', 'ops', 'activations']);
  const name = draw.pick(space === 'ops' ? OPS : ACTIVATIONS);
  const first = LISTS.includes(name) ? list(draw, operand) : [(FIRST[name] ?? operand)(draw)];
  const behind = space === 'activations' && !/softmax/i.test(name) ? [ACTIVATED] : BEHIND[name];
  const others = behind?.flatMap((make) => make(draw, operand)) ?? optional(operand)(draw, operand);
  const given = [...first, ...others, ...(draw.chance(draw.wildness / 5) ? [junk(draw)] : [])];
  if (draw.chance(draw.wildness / 5)) given.length = draw.int(given.length);
  return `${space}.${name}(${given.join(', ')})`;
}

/** On concrete tensors, recorded, and in layers. */
const applied: Kind = either(
  (draw) => `return ${call(draw, concrete)};`,
  (draw) => `return ${call(draw, kinds.operand)};`,
  (draw) => `return own.layer((x) => ${call(draw, either(among('x'), kinds.operand))})(${concrete(draw)});`,
  (draw) =>
    `return own.layer((x, y) => ${call(draw, among('x', 'y', 'x', '1', '$w'))})($a, ${kinds.symbolic(draw)});`,
  (draw) =>
    `const out = ${call(draw, either(kinds.symbolic, among('$a')))};
const model = new Model({ inputs: $a, outputs: out }).compile({ loss: 'mse' });
await own.attempt(() => model.predictSync($x));
await own.attempt(() => model.export());
return own.limited(model).fit($x, $x);`,
);

const SPLIT = { testSize: either(share, count), seed: count, shuffle: flag, stratify: flag };
const FOLDS = { nSplits: size, shuffle: flag, seed: count };
const TENSOR = {
  shape: orJunk(among('[2, 2]', '[4]', '[-1]', '[-1, 2]', '[1, 4]', '[]', '[2, -1, 1]')),
  dtype,
};
const CODES = among("'ERR_SHAPE'", "'x'");

const items: Kind = orJunk(among("['a', 'b', '']", "[['a'], ['b']]", '[1, [2]]', "'x'", '[[3, 4]]', '$n'));

const data: Kind = either(
  (draw) => `return tensor(${[tensorInput(draw), ...options(TENSOR)(draw, junk)].join(', ')});`,
  (draw) => `return tensor(${[tensorInput(draw), ...options(TENSOR)(draw, junk)].join(', ')});`,
  (draw) => `return toCategorical(${[tensorInput(draw), ...optional(size)(draw, junk)].join(', ')});`,
  (draw) =>
    `return trainTestSplit(${[tensorInput(draw), tensorInput(draw), ...options(SPLIT)(draw, junk)].join(', ')});`,
  (draw) =>
    `return ${draw.pick(['kFold', 'stratifiedKFold', 'groupKFold'])}(${[either(tensorInput, size)(draw), ...options(FOLDS)(draw, junk)].join(', ')});`,
  (draw) => `return take(${[tensorInput(draw), either(tensorInput, among('[0, 1]'))(draw)].join(', ')});`,
  (draw) =>
    `return shuffle(${[orJunk((d) => `[${d.several(1, 3, tensorInput)}]`)(draw), ...options({ seed: count })(draw, junk)].join(', ')});`,
  (draw) =>
    `return padSequences(${[orJunk(among('[[1], [2, 3]]', '[[0.5]]', '[[]]', '[[1], 2]'))(draw), ...options({ maxlen: size, padding: kinds.name, value: count, dtype })(draw, junk)].join(', ')});`,
  (draw) =>
    `return Array.from(timeseriesDataset(${[tensorInput(draw), either(tensorInput, among('null'))(draw), ...options({ sequenceLength: size, sequenceStride: size, samplingRate: size, batchSize: size, shuffle: flag, endIndex: count })(draw, junk)].join(', ')})()).length;`,
  (draw) =>
    `const words = ${draw.pick(['new preprocessing.TextVectorization', 'preprocessing.textVectorization'])}(${options({ vocabulary: items, maxTokens: size, split: kinds.name, ngrams: size, outputMode: kinds.name, outputSequenceLength: size })(draw, junk).join(', ')});
await own.attempt(() => words.adapt(${items(draw)}));
return words.call(${items(draw)});`,
  (draw) => `return trainTestSplit(${['$x', '$y', ...options(SPLIT)(draw, junk)].join(', ')});`,
  (draw) =>
    `return input(${[orJunk(either(shape, (d) => `{ shape: ${shape(d)} }`))(draw), ...options({ name: kinds.name, dtype })(draw, junk)].join(', ')});`,
  (draw) =>
    `const table = fromArrow({ numRows: 2, schema: { fields: [{ name: 'a' }, { name: 'b' }] }, getChild: (name) => (${either(items, among('null', '[1, null]', '[1n, 2n]', '[true, 3]'))(draw)}) });
return [() => new Frame(new Map()).numbers(), () => table.numbers(${either(items, among("['a']", ''))(draw)}), () => table.codes(${kinds.name(draw)}, ${junk(draw)}), () => table.strings('a'), () => table.categories('b')].map(own.attempt);`,
  (draw) => `return readCsv(${either(kinds.name, junk)(draw)}, ${junk(draw)});`,
  (draw) => `return fromArrow(${junk(draw)});`,
  (draw) => `return setRandomSeed(${count(draw)});`,
  (draw) => `return [runtime(${junk(draw)}), isRidgelineError(${junk(draw)})];`,
  (draw) => `return readOnnxMetadata(${orJunk(among('await $model.export()', 'new Uint8Array(9)'))(draw)});`,
  (draw) =>
    `return preprocessing.hashing(${[either(size, junk)(draw), ...options({ maskValue: either(size, kinds.name), salt: either(count, size), outputMode: kinds.name })(draw, junk)].join(', ')}).call(${items(draw)});`,
  (draw) =>
    `const pieces = ${draw.pick(['new preprocessing.SubwordTokenizer', 'preprocessing.subwordTokenizer'])}(${options({ tokenizer: among("{ model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'], unk_token: 'b' }, added_tokens: [] }", "{ model: { type: 'WordPiece', vocab: { a: 0 } } }"), tokenizerConfig: among('{}'), addSpecialTokens: flag, outputSequenceLength: size, padToken: count })(draw, junk).join(', ')});
await own.attempt(() => pieces.decode(${items(draw)}));
return pieces.call(${items(draw)});`,
  (draw) =>
    `const lookup = preprocessing.stringLookup(${options({ vocabulary: items, maxTokens: size, numOovIndices: size, maskToken: kinds.name, oovToken: kinds.name, invert: flag })(draw, junk).join(', ')});
await own.attempt(() => lookup.adapt(${items(draw)}));
$model.preprocessing.a = ${orJunk(among('lookup', 'new preprocessing.StringLookup()', 'new preprocessing.Hashing(3)', 'new (class extends preprocessing.Preprocessor {})()'))(draw)};
await own.attempt(() => lookup.call(${either(items, tensorInput)(draw)}));
return $model.save(own.path());`,
  (draw) => `return new RidgelineError(${CODES(draw)}, ${junk(draw)}, ${junk(draw)}, ${junk(draw)});`,
);

/** Code of cases. */
export const functions: Kind = either(applied, applied, data);
