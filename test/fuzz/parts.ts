/**
 * Parts of models as code: layers, losses, optimizers and all else that has a factory, made with options of their kinds.
 */
import * as ridgeline from 'ridgeline';
import { type OptionTable, optionNames } from '../../src/core/options.js';
import { among, type Draw, either, type Kind } from './draw.js';
import { junk, orJunk } from './junk.js';
import * as kinds from './kinds.js';
import { options } from './options.js';

const COMMON = ['name', 'trainable', 'activityRegularizer'];

/** Options of what states them in no table, those first that may be given by position. */
const LISTED: Readonly<Record<string, readonly string[]>> = {
  binarycrossentropy: ['fromLogits', 'labelSmoothing'],
  categoricalcrossentropy: ['fromLogits', 'labelSmoothing'],
  sparsecategoricalcrossentropy: ['fromLogits'],
  binaryaccuracy: ['name', 'threshold'],
  precision: ['name', 'thresholds', 'topK', 'classId'],
  recall: ['name', 'thresholds', 'topK', 'classId'],
  truepositives: ['name', 'thresholds'],
  auc: [
    'name',
    'numThresholds',
    'curve',
    'summationMethod',
    'thresholds',
    'multiLabel',
    'numLabels',
    'fromLogits',
  ],
  f1score: ['name', 'average', 'threshold'],
  fbetascore: ['name', 'average', 'beta', 'threshold'],
  iou: ['name', 'numClasses', 'targetClassIds', 'ignoreClass', 'axis'],
  meaniou: ['name', 'numClasses', 'ignoreClass', 'axis'],
  binaryiou: ['name', 'targetClassIds', 'threshold'],
  topkcategoricalaccuracy: ['name', 'k'],
  r2score: ['name', 'classAggregation', 'numRegressors'],
  cosinesimilarity: ['name', 'axis'],
  sensitivityatspecificity: ['name', 'specificity', 'numThresholds', 'classId'],
  recallatprecision: ['name', 'precision', 'numThresholds', 'classId'],
  huber: ['delta', 'reduction'],
  tversky: ['alpha', 'beta', 'axis', 'reduction'],
  dice: ['axis', 'reduction'],
  binaryfocalcrossentropy: ['gamma', 'alpha', 'applyClassBalancing', 'fromLogits', 'labelSmoothing', 'axis'],
  constant: ['value'],
  identity: ['gain'],
  orthogonal: ['seed', 'gain'],
  randomuniform: ['seed', 'minval', 'maxval'],
  randomnormal: ['seed', 'mean', 'stddev'],
  truncatednormal: ['seed', 'mean', 'stddev'],
  variancescaling: ['seed', 'scale', 'mode', 'distribution'],
  l1: ['l1'],
  l2: ['l2'],
  l1l2: ['l1', 'l2'],
  earlystopping: [
    'monitor',
    'minDelta',
    'patience',
    'verbose',
    'mode',
    'baseline',
    'restoreBestWeights',
    'startFromEpoch',
  ],
  progressbar: [],
  reducelronplateau: ['monitor', 'factor', 'patience', 'verbose', 'mode', 'minDelta', 'cooldown', 'minLr'],
  modelcheckpoint: ['path', 'monitor', 'mode', 'verbose', 'saveBestOnly', 'saveWeightsOnly', 'saveFreq'],
  csvlogger: ['path', 'separator', 'append'],
  learningratescheduler: ['schedule'],
  lambdacallback: ['hooks'],
  backupandrestore: ['path', 'deleteCheckpoint'],
  tensorboard: ['logDir', 'histogramFreq', 'updateFreq'],
  swapemaweights: ['swapOnEpoch'],
};

type Module = Readonly<Record<string, unknown>>;
const { schedules } = ridgeline.optimizers;
const SPACES: Readonly<Record<string, Module>> = {
  layers: ridgeline.layers,
  losses: ridgeline.losses,
  metrics: ridgeline.metrics,
  optimizers: ridgeline.optimizers,
  'optimizers.schedules': schedules,
  initializers: ridgeline.initializers,
  regularizers: ridgeline.regularizers,
  constraints: ridgeline.constraints,
  callbacks: ridgeline.callbacks,
};

/** Option tables of classes, by their names without case. */
const TABLES = new Map(
  Object.values(SPACES).flatMap((space) =>
    Object.entries(space).flatMap(([name, of]) => {
      const table = (of as { options?: OptionTable } | undefined)?.options;
      return typeof of === 'function' && table ? [[name.toLowerCase(), table] as const] : [];
    }),
  ),
);

/** What has no default or may be given by position, and all options. */
function optionsOf(space: string, name: string): { places: string[]; required: string[]; names: string[] } {
  const key = name.toLowerCase();
  const table = TABLES.get(key);
  const names = table
    ? optionNames(table)
    : [...(LISTED[key] ?? (space === 'metrics' ? ['name'] : ['seed']))];
  const single = Object.entries(table ?? {}).filter(([, of]) => typeof of.read === 'function');
  const places = single.filter(([, of]) => of.positional).map(([place]) => place);
  const required = single.filter(([, of]) => of.required).map(([place]) => place);
  const first = [
    'constant',
    'l1',
    'l2',
    'modelcheckpoint',
    'csvlogger',
    'learningratescheduler',
    'lambdacallback',
    'backupandrestore',
    'tensorboard',
  ];
  if (!table && first.includes(key)) places.push(names[0] as string);
  if (key === 'l1l2') required.push(...names);
  return { places, required, names: space === 'layers' ? [...names, ...COMMON] : names };
}

/** Names of what a module exports, in an order that all loaders of modules agree on. */
export const namesIn = (module: object): string[] => Object.keys(module).sort();

/** Factories of layers that are called on tensors too. */
export const MERGING = ['add', 'average', 'concatenate', 'dot', 'maximum', 'minimum', 'multiply', 'subtract'];

/** What a space exports that makes something. */
const makers = (space: string): string[] =>
  namesIn(SPACES[space] as Module).filter((name) => {
    const of = (SPACES[space] as Module)[name];
    return typeof of === 'function' && !['input', ...MERGING].includes(name);
  });

/** Everything that makes something: its space and its name. */
export const MAKERS: readonly (readonly [string, string])[] = Object.keys(SPACES).flatMap((space) =>
  makers(space).map((name) => [space, name] as const),
);

/** The making of something, by a factory or a class. */
export function made(draw: Draw, space: string, name: string): string {
  const { places, required, names } = optionsOf(space, name);
  const kind = (option: string): Kind => kindOf(option, name);
  const isClass = /^[A-Z]/.test(name);
  const byPosition = draw.chance(0.6) ? places : [];
  const rest = names.filter((option) => !byPosition.includes(option));
  const needs = required.filter((option) => rest.includes(option));
  const given = byPosition.map((option) => kind(option)(draw));
  if (needs.length > 0 || draw.chance(0.6)) given.push(options(draw, rest, kind, needs));
  if (draw.chance(draw.wildness / 5)) given.push(junk(draw));
  if (draw.chance(draw.wildness / 8)) given.pop();
  return `${isClass ? 'new ' : ''}${space}.${name}(${given.join(', ')})`;
}

/** Something of a space, by its factory or its class. */
export const ready =
  (space: string): Kind =>
  (draw) =>
    made(draw, space, draw.pick(makers(space)));

const named = (space: string): Kind => {
  const small = makers(space).filter((name) => /^[a-z]/.test(name));
  return among(...small.map((name) => `'${name}'`), ...small.map((name) => `{ name: '${name}' }`));
};

const functions = among(
  '(x) => x',
  '(x) => ops.sum(x)',
  '() => {}',
  '() => 1',
  '() => { throw odd.mine; }',
  '(x, y) => ops.square(ops.sub(x, y))',
);
const inside: Kind = either(functions, (draw) => `(...given) => (${junk(draw)})`);

/** An object that looks like a thing of the kind, with methods `names`. */
const duck =
  (...names: string[]): Kind =>
  (draw) => {
    const method: Kind = (d) => (d.chance(0.3) ? junk(d) : inside(d));
    return `{ ${names
      .filter(() => draw.chance(0.8))
      .map((name) => `${name}: ${method(draw)}`)
      .join(', ')} }`;
  };

/** Something of a space in any form that options take, or that looks like one. */
const part = (space: string, ...others: Kind[]): Kind =>
  orJunk(either(ready(space), ready(space), named(space), ...others));

export const initializer: Kind = part('initializers', duck('create', 'getConfig'));
export const regularizer: Kind = part('regularizers', inside, duck('call', 'getConfig', 'factors'));
export const constraint: Kind = part('constraints', duck('getConfig', 'checkShape'));
export const loss: Kind = part(
  'losses',
  inside,
  duck('call', 'getConfig', 'name', 'sparse', 'probabilities'),
);
export const metric: Kind = part('metrics', inside, duck('call', 'getConfig', 'name', 'direction'));
export const optimizer: Kind = part('optimizers', duck('getConfig', 'native'));
const ACTIVATIONS = namesIn(ridgeline.activations);
export const activation: Kind = orJunk(
  either(
    (draw) => `'${draw.pick(ACTIVATIONS)}'`,
    (draw) => `activations.${draw.pick(ACTIVATIONS)}`,
    inside,
  ),
);
const rate: Kind = either(kinds.number, ready('optimizers.schedules'), named('optimizers.schedules'));

const BY_NAME: Readonly<Record<string, Kind>> = {
  units: kinds.size,
  activation,
  recurrentActivation: activation,
  inputDim: kinds.size,
  outputDim: kinds.size,
  numHeads: kinds.size,
  keyDim: kinds.size,
  headDim: kinds.size,
  numQueryHeads: kinds.size,
  numKeyValueHeads: kinds.size,
  dropout: kinds.share,
  recurrentDropout: kinds.share,
  attentionAxes: kinds.axes,
  outputShape: kinds.shape,
  equation: orJunk(among("'ab,bc->ac'", "'abc,cd->abd'", "'...x,xy->...y'", "'abc,bd->adc'", "'a,b->c'")),
  biasAxes: orJunk(among("'c'", "'d'", "'y'", "'dc'")),
  mergeMode: orJunk(among("'concat'", "'sum'", "'mul'", "'ave'", 'null')),
  scoreMode: orJunk(among("'dot'", "'concat'")),
  dataFormat: orJunk(among("'channelsLast'", "'channels_first'")),
  layer: (draw) => made(draw, 'layers', draw.pick(['lstm', 'gru', 'simpleRnn', 'dense', 'activation'])),
  cell: (draw) => made(draw, 'layers', draw.pick(['lstmCell', 'gruCell', 'simpleRnnCell', 'dense'])),
  name: kinds.name,
  axis: kinds.axes,
  rate: kinds.share,
  momentum: kinds.share,
  noiseShape: kinds.shape,
  targetShape: kinds.shape,
  sharedAxes: kinds.axes,
  learningRate: rate,
  boundaries: kinds.numbers,
  values: kinds.numbers,
  mode: orJunk(among("'auto'", "'min'", "'max'", "'fanIn'", "'fan_avg'")),
  distribution: orJunk(among("'uniform'", "'truncated_normal'", "'untruncatedNormal'")),
  path: kinds.path,
  schedule: functions,
  function: inside,
  hooks: among('{}', '{ onEpochEnd() {} }', 'null'),
  saveFreq: orJunk(among("'epoch'", '1', '2')),
  separator: orJunk(among("','", "';'")),
  axes: kinds.axes,
  dims: kinds.axes,
  thresholds: orJunk(among('0.5', '[0.2, 0.5]', '[0, 1]')),
  targetClassIds: orJunk(among('[0]', '[0, 1]', '[2]')),
  average: orJunk(among("'macro'", "'micro'", "'weighted'", "'none'")),
  curve: orJunk(among("'ROC'", "'PR'", "'PRGAIN'")),
  summationMethod: orJunk(among("'interpolation'", "'minoring'", "'majoring'")),
  reduction: orJunk(among("'sum'", "'sumOverBatchSize'", "'meanWithSampleWeight'")),
  monitor: orJunk(among("'loss'", "'val_loss'", "'accuracy'", "'penalty'")),
};
const FLAGS =
  /^(use|save|append|return|go|zeroOutput|mask[A-Z]|keep|unit|reset|multiLabel|normalize|trainable|center|invert|amsgrad|nesterov|centered|staircase|cycle|fromLogits|restore)/;
const COUNTS =
  /^(seed|patience|n|k|groups|classId|topK|numThresholds|numClasses|numLabels|ignoreClass|cooldown|startFromEpoch|verbose|gradientAccumulationSteps|.*Steps)$/;

/** The kind of the option `name` of `of`. */
export function kindOf(name: string, of = ''): Kind {
  if (name.endsWith('Initializer')) return initializer;
  if (name.endsWith('Regularizer')) return regularizer;
  if (name.endsWith('Constraint')) return constraint;
  if (name === 'scale' && /norm/i.test(of)) return kinds.flag;
  if (FLAGS.test(name)) return kinds.flag;
  return (
    BY_NAME[name] ?? (COUNTS.test(name) ? kinds.count : /^(rho|beta)/.test(name) ? kinds.share : kinds.number)
  );
}
