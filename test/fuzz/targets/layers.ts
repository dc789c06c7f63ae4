/**
 * Calls of layers, of this package and of users' own, on symbolic and concrete tensors, and of their methods.
 */
import { among, type Draw, either, type Kind } from '../draw.js';
import { junk, orJunk } from '../junk.js';
import * as kinds from '../kinds.js';
import { maybeOptions, options } from '../options.js';
import { constraint, initializer, kindOf, MAKERS, MERGING, made, ready, regularizer } from '../parts.js';

const { concrete, flag, shape, symbolic, tensorInput } = kinds;

const NAMES = MAKERS.filter(([space]) => space === 'layers').map(([, name]) => name);

/** Merging layers are called in two ways. */
const merged: Kind = (draw) =>
  `layers.${draw.pick(MERGING)}(${[
    ...(draw.chance(0.5) ? [orJunk((d) => `[${d.several(0, 3, kinds.operand)}]`)(draw)] : []),
    ...maybeOptions(draw, ['axis', 'axes', 'name', 'trainable', 'activityRegularizer'], kindOf),
  ].join(', ')})`;

const inputs: Kind = orJunk(
  either(concrete, symbolic, symbolic, (draw) => `[${draw.several(0, 3, either(symbolic, kinds.operand))}]`),
);
/** Options of calls; most layers know the first two alone. */
const CALL_OPTIONS: Readonly<Record<string, Kind>> = {
  training: flag,
  mask: either(concrete, symbolic),
  initialState: inputs,
  attentionMask: either(concrete, symbolic),
  queryMask: concrete,
  useCausalMask: flag,
  returnAttentionScores: flag,
};
const calling: Kind = (draw) =>
  [
    inputs(draw),
    ...(draw.chance(0.3)
      ? [options(draw, Object.keys(CALL_OPTIONS), (name) => CALL_OPTIONS[name] ?? junk)]
      : []),
    ...(draw.wild() ? [junk(draw)] : []),
  ].join(', ');

/** What `addWeight` may be asked for. */
function weight(draw: Draw): string {
  const of: Readonly<Record<string, Kind>> = { shape, initializer, regularizer, constraint, trainable: flag };
  const given = options(draw, Object.keys(of), (name) => of[name] ?? junk, ['shape']);
  if (draw.chance(draw.wildness / 3)) return `this.weight(${draw.several(0, 2, junk)})`;
  return `this.weight(${kinds.name(draw)}, ${given})`;
}

/** What the `call` of a layer of one's own may give. */
const body: Kind = (draw) =>
  draw.pick([
    'x',
    'undefined',
    '3',
    'null',
    'NaN',
    'Promise.resolve(x)',
    'odd.rejected()',
    '$t',
    '$a',
    '$other',
    '$w',
    '[x, x]',
    '[]',
    '[[x]]',
    '[x, 1]',
    '[x, $t]',
    '({ x })',
    '(() => { throw odd.mine; })()',
    'layers.dense(2)(x)',
    'own.layer((y) => [y, y])(x)',
    'ops.add(x, 1)',
    'ops.sum(x)',
    'ops.cast(x, "int32")',
    'ops.reshape(x, [-1])',
    'this.name',
    'this.isTraining ? ops.mul(x, 2) : x',
    '$layer(x)',
    '$model(x)',
    `(this.assign(${draw.pick(['$w', 'this.w', '{}'])}, ${draw.pick(['x', '2', '$t', 'this.w'])}), x)`,
    `(this.assign(${junk(draw)}, ${junk(draw)}), x)`,
    'new Proxy(x, {})',
    '$kept',
    weight(draw),
    junk(draw),
  ]);

const built = (draw: Draw): string =>
  draw.pick([
    '',
    `, function (shape) { return ${weight(draw)}; }`,
    `, function (shape) { ${weight(draw)}; this.w = ${weight(draw)}; }`,
    ', () => { throw odd.mine; }',
    `, () => (${junk(draw)})`,
  ]);

const mine: Kind = either(
  among('own.mutual()'),
  (draw) => `own.layer(function (x) { return ${body(draw)}; }${built(draw)})`,
  (draw) => `own.classed({ className: ${orJunk(among("'Own'", "'Dense'", "''"), junk)(draw)} })`,
  (draw) => `own.classed({}, { getConfig() { return ${junk(draw)}; } })`,
);

/** A layer as code. */
export const layer: Kind = (draw) =>
  draw.chance(0.25) ? mine(draw) : draw.chance(0.1) ? merged(draw) : made(draw, 'layers', draw.pick(NAMES));

const question: Kind = either(
  among(
    'layer.weights',
    'layer.getWeights()',
    'layer.countParams()',
    'layer.getConfig()',
    'JSON.stringify(layer)',
  ),
  among(
    'util.inspect(layer)',
    'String(layer)',
    'layer.name',
    'layer.layers',
    'layer.trainableWeights',
    'layer.toJSON()',
  ),
  among(
    'layer.weights[0]?.read()',
    'new layer.constructor(layer.getConfig())',
    'layer.adapted',
    'layer.built',
  ),
  (draw) => `layer.weights[0]?.write(${tensorInput(draw)})`,
  (draw) => `layer.setWeights(${orJunk((d) => `[${d.several(0, 3, tensorInput)}]`)(draw)})`,
  (draw) => `void (layer.trainable = ${flag(draw)})`,
  (draw) => `void (layer.activityRegularizer = ${regularizer(draw)})`,
  (draw) => `layer.build(${either(shape, among('[null, 4]'))(draw)})`,
  (draw) => `layer.adapt?.(${tensorInput(draw)})`,
  (draw) => `layer(${calling(draw)})`,
  (draw) => `layer.call(${junk(draw)}, ${calling(draw)})`,
  (draw) => `layer.apply(${junk(draw)}, ${orJunk((d) => `[${calling(d)}]`)(draw)})`,
);

const trained: Kind = (draw) =>
  `const layer = ${layer(draw)};
const model = new Model({ inputs: $a, outputs: layer($a) }).compile({ loss: 'mse' });
await own.attempt(() => own.limited(model).fit($x, ${either(among('$x', '$y'), kinds.y)(draw)}, { epochs: 2 }));
await own.attempt(() => model.predict($x));
await own.attempt(() => model.save(own.path()));
return model.export();`;

/** Code of cases. */
export const layers: Kind = either(
  trained,
  (draw) => `const layer = ${layer(draw)};\nreturn layer(${calling(draw)});`,
  (draw) =>
    `const layer = ${layer(draw)};
await own.attempt(() => layer(${calling(draw)}));
await own.attempt(() => ${question(draw)});
return ${question(draw)};`,
  (draw) =>
    `const layer = ${ready('layers')(draw)};\nlayer($t);\nawait own.attempt(() => ${question(draw)});\nreturn ${question(draw)};`,
);
