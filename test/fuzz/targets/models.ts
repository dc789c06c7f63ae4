/**
 * The making of models, what is done with them one after the other or at once, and their files.
 */
import { among, either, type Kind } from '../draw.js';
import { junk, orJunk } from '../junk.js';
import * as kinds from '../kinds.js';
import { options } from '../options.js';
import { layer } from './layers.js';
import { compile, fit, optional, promised, verb } from './verbs.js';

const { flag, path } = kinds;

const functional: Kind = (d) => {
  const given: Readonly<Record<string, Kind>> = {
    inputs: orJunk(either(among('$a', '$b', '[$a, $b]', '[]', '[$a, $a]'), kinds.symbolic)),
    outputs: orJunk(
      either(among('layers.dense(1)($a)', '$a', '[$a, layers.dense(2)($a)]'), (e) => `(${layer(e)})($a)`),
    ),
    name: kinds.name,
    trainable: flag,
  };
  return `new Model(${options(d, Object.keys(given), (name) => given[name] ?? junk, ['inputs', 'outputs'])})`;
};
const sequential: Kind = (d) => {
  const element = either(layer, layer, among('$a', '$layer', '$model', '$disposed', 'layers.input([4])'));
  return `new Sequential(${[orJunk((e) => `[${e.several(0, 4, element)}]`)(d), ...optional({ name: kinds.name, trainable: flag })(d)].join(', ')})`;
};
const model: Kind = either(
  among('$model', '$model', '$classes', '$two', '$lazy', '$fresh', '$disposed', 'await own.entangled()'),
  either(functional, sequential),
);

const loading: Kind = (d) => {
  const custom = orJunk(
    among(
      '{}',
      '{ Own: class extends Layer {} }',
      '{ relu: 1 }',
      '{ Dense: () => 1 }',
      '{ meanSquaredError: () => 1 }',
      '{ Dense: odd.throwing("x") }',
    ),
  );
  const own = {
    layers: orJunk(
      (e) =>
        `[${e.several(0, 2, among('layers.Dense', 'class extends Layer {}', 'class Own extends Layer { static className = "Dense" }'))}]`,
    ),
    custom,
  };
  const from = d.pick([
    path(d),
    `await own.damaged($model, ${d.int(2 ** 31)})`,
    `await own.damaged($model, ${d.int(2 ** 31)})`,
    `await own.damaged($two, ${d.int(2 ** 31)})`,
    '(await $model.save(own.path()), own.path())',
  ]);
  return `const from = ${from};
const model = await ${promised('loadModel', 'from', ...optional(own)(d))};
await own.attempt(() => ${verb(d)});
return model.summary({ print: false });`;
};

/** Code of cases. */
export const models: Kind = either(
  (d) => {
    const steps = Array.from({ length: 1 + d.int(3) }, () => `await own.attempt(() => ${verb(d)});`);
    return `const model = ${model(d)};\n${steps.join('\n')}\nreturn ${verb(d)};`;
  },
  (d) =>
    `const model = ${model(d)};\n${compile(d)};\nawait own.attempt(() => ${fit(d)});\nreturn model.save(own.path());`,
  (d) =>
    `const model = $model;\nconst first = own.attempt(() => ${fit(d)});\nawait own.attempt(() => ${verb(d)});\nawait first;\nreturn ${verb(d)};`,
  loading,
);
