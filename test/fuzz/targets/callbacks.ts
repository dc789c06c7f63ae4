/**
 * Callbacks as code: those of this package, and objects whose hooks do and give anything.
 */
import { among, either, type Kind } from '../draw.js';
import { junk, orJunk } from '../junk.js';
import * as kinds from '../kinds.js';
import { ready } from '../parts.js';

const HOOKS = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onTestBegin',
  'onTestEnd',
  'prepare',
  'setModel',
  'getState',
];

/** What a hook does; `model` is the one that is trained. */
const deed: Kind = either(
  among(
    'throw odd.mine;',
    'return odd.rejected();',
    'model.stopTraining = true;',
    'model.dispose();',
    'return model.predict($x);',
    'return own.attempt(() => model.fit($x, $y));',
    'return own.attempt(() => model.evaluate($x, $y));',
    'model.predictSync($x);',
    'return model.save(own.path());',
    'return model.export();',
    "model.compile({ loss: 'mse' });",
    'model.add?.(layers.dense(1));',
    'model.trainable = false;',
    'logs && Object.freeze(logs);',
    'logs && (logs.loss = "x");',
    'logs && delete logs.loss;',
    'return new Promise((settle) => setTimeout(settle, 2));',
  ),
  (draw) => `return ${junk(draw)};`,
  (draw) => `model.stopTraining = ${junk(draw)};`,
  (draw) => `model.optimizer.learningRate = ${kinds.number(draw)};`,
  (draw) => `model.setWeights(${kinds.tensorInput(draw)});`,
  (draw) => `if (logs) logs[${orJunk(among("'x'"))(draw)}] = ${junk(draw)};`,
);

const hook: Kind = (draw) => {
  const name = draw.pick(HOOKS);
  if (draw.wild()) return `${name}: ${junk(draw)}`;
  return `${draw.chance(0.3) ? 'async ' : ''}${name}(at, logs) { ${deed(draw)} }`;
};

/** One callback. */
const callback: Kind = orJunk(
  either(
    ready('callbacks'),
    (draw) => `{ ${draw.several(1, 3, hook)} }`,
    (draw) => `new (class extends Callback { ${hookOfClass(draw)} })()`,
  ),
);

const hookOfClass: Kind = (draw) => `${draw.pick(HOOKS)}(at, logs) { ${deed(draw)} }`;

/** A list of callbacks. */
export const callbacks: Kind = orJunk((draw) => `[${draw.several(0, 2, callback)}]`);
