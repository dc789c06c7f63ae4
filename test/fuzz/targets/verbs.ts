/**
 * What is done with models: compile, fit, predict, save and all other verbs.
 */
import { among, type Draw, either, type Kind } from '../draw.js';
import { junk, orJunk } from '../junk.js';
import * as kinds from '../kinds.js';
import { maybeOptions, options } from '../options.js';
import { loss, metric, optimizer } from '../parts.js';
import { callbacks } from './callbacks.js';
import { layer } from './layers.js';

const { count, flag, number, path, share, tensorInput, x, y } = kinds;

const byOutput = (kind: Kind): Kind =>
  either(
    kind,
    kind,
    kind,
    (d) => `[${d.several(0, 3, kind)}]`,
    (d) => `{ ${d.pick(['dense_1', 'r', 'dense'])}: ${kind(d)} }`,
  );
const COMPILE: Readonly<Record<string, Kind>> = {
  loss: orJunk(byOutput(loss)),
  optimizer,
  metrics: orJunk(either((d) => `[${d.several(0, 2, metric)}]`, byOutput(metric))),
  weightedMetrics: orJunk((d) => `[${d.several(0, 2, metric)}]`),
  lossWeights: orJunk(
    either(
      (d) => `[${d.several(0, 2, number)}]`,
      (d) => `{ dense_1: ${number(d)} }`,
    ),
  ),
};
const signal: Kind = orJunk(
  among(
    'AbortSignal.abort(odd.mine)',
    'new AbortController().signal',
    'own.aborting(2)',
    '{ aborted: false, addEventListener() {}, removeEventListener() {} }',
    '{ addEventListener() {} }',
    '{ addEventListener() { throw odd.mine; } }',
    '{ aborted: true, reason: odd.mine, addEventListener() {} }',
  ),
);
const FIT: Readonly<Record<string, Kind>> = {
  batchSize: count,
  epochs: count,
  validationSplit: share,
  validationData: orJunk((d) => `[${x(d)}, ${y(d)}${d.chance(0.3) ? `, ${y(d)}` : ''}]`),
  validationBatchSize: count,
  validationFreq: count,
  shuffle: flag,
  callbacks,
  verbose: orJunk(among('0', '1', '2', "'auto'")),
  sampleWeight: y,
  classWeight: orJunk(among('{ 0: 1, 1: 2 }', '{ 0: 0.5 }', '{}', '{ 7: 1 }', '{ 0: -1 }', '{ a: 1 }')),
  initialEpoch: count,
  signal,
  threads: count,
};
/** Options of some kinds, or none. */
export const optional =
  (of: Readonly<Record<string, Kind>>, ...names: string[]): ((draw: Draw) => string[]) =>
  (draw) =>
    maybeOptions(draw, names.length > 0 ? names : Object.keys(of), (name) => of[name] ?? junk);

/** A call of what gives a promise, with its arguments. */
export const promised = (callee: string, ...given: string[]): string =>
  `own.promised((...given) => ${callee}(...given)${given.map((argument) => `, ${argument}`).join('')})`;

/** A fit. */
export const fit: Kind = (draw) =>
  promised('own.limited(model).fit', x(draw), y(draw), ...optional(FIT)(draw));
/** A compilation. */
export const compile: Kind = (draw) =>
  `model.compile(${options(draw, Object.keys(COMPILE), (name) => COMPILE[name] ?? junk, ['loss'])})`;

const EVALUATE = optional(FIT, 'batchSize', 'sampleWeight', 'threads');
const BATCH = optional(FIT, 'sampleWeight', 'classWeight', 'threads');
const PREDICT = optional(FIT, 'batchSize', 'threads');
const SAVE = optional({ includeOptimizer: flag });
const EXPORT = optional({ opset: either(among('17', '25'), number) });

/** Something that is done with `model`. */
export const verb: Kind = either(
  fit,
  fit,
  compile,
  (d) => promised('model.evaluate', x(d), y(d), ...EVALUATE(d)),
  (d) => promised('model.trainOnBatch', x(d), y(d), ...BATCH(d)),
  (d) => promised('model.predict', x(d), ...PREDICT(d)),
  (d) => `model.predictSync(${[x(d), ...PREDICT(d)].join(', ')})`,
  (d) => promised('model.save', path(d), ...SAVE(d)),
  (d) => promised('model.export', ...(d.chance(0.5) ? [path(d)] : []), ...EXPORT(d)),
  (d) => `model.setWeights(${orJunk((e) => `[${e.several(0, 4, tensorInput)}]`)(d)})`,
  (d) => `model.summary(${optional({ print: flag })(d).join(', ')})`,
  (d) => `model.getLayer(${orJunk(among('0', '1', '-1', "'dense'"))(d)})`,
  (d) => `void (model.stopTraining = ${junk(d)})`,
  (d) => `void (model.trainable = ${flag(d)})`,
  (d) => `void (model.optimizer.learningRate = ${number(d)})`,
  (d) => `model.add?.(${either(layer, among('model', '$model', '$a'))(d)})`,
  (d) => `model(${orJunk(either(kinds.concrete, kinds.symbolic, among('$x')))(d)})`,
  (d) => `model.build(${kinds.shape(d)})`,
  among(
    'model.dispose()',
    'model[Symbol.dispose]()',
    'model.weights',
    'model.inputs',
    'model.outputNames',
    'model.layers',
  ),
  among(
    'model.getWeights()',
    'model.getConfig()',
    'JSON.stringify(model)',
    'util.inspect(model)',
    'model.optimizer',
    'model.countParams()',
  ),
);
