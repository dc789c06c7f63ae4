/**
 * Calls of the methods of tensors and weights, and of what factories and classes make.
 */
import { among, type Draw, either, type Kind } from '../draw.js';
import { junk, orJunk } from '../junk.js';
import * as kinds from '../kinds.js';
import { MAKERS, made } from '../parts.js';

const { axis, concrete, count, shape, tensorInput } = kinds;

const tensorMethod: Kind = either(
  among(
    'toArray()',
    'item()',
    'size',
    'rank',
    'shape',
    'data',
    'argMax()',
    "[Symbol.for('nodejs.util.inspect.custom')]()",
  ),
  (draw) => `argMax(${axis(draw)})`,
  (draw) => `reshape(${shape(draw)})`,
  (draw) => `rows(${count(draw)}, ${count(draw)})`,
);

const access = (method: string): string => (method.startsWith('[') ? method : `.${method}`);

const tensors: Kind = (draw) => {
  const made = draw.chance(0.5)
    ? among('$t', '$v', '$s', '$n', '$k', '$c', '$empty')(draw)
    : `tensor(${tensorInput(draw)})`;
  return `const value = ${made};
await own.attempt(() => value${access(tensorMethod(draw))});
return value${access(tensorMethod(draw))};`;
};

const weights: Kind = either(
  (draw) => `return $w.write(${tensorInput(draw)});`,
  among(
    'return $w.read();',
    'return util.inspect([$w, $a, $t, $layer, $model, $optimizer]);',
    'return JSON.stringify([$layer, $a, $t]);',
  ),
);

/** What may be asked of something that was made, whatever it is. */
const questions = (draw: Draw): Kind =>
  either(
    among(
      'JSON.stringify(made)',
      'util.inspect(made)',
      'String(made)',
      'made.getConfig?.()',
      'made.name',
      'made.options',
      'made.learningRate',
      'made.best',
      'new made.constructor(made.getConfig())',
    ),
    (d) => `made.at?.(${count(d)})`,
    (d) => `void (made.learningRate = ${kinds.number(d)})`,
    (d) =>
      draw.chance(0.5)
        ? `made.call?.(${concrete(d)}, ${concrete(d)})`
        : `made.call?.(${junk(d)}, ${junk(d)})`,
    (d) =>
      `own.layer((x) => made.call?.(${orJunk(among('x', '$w', 'ops.sum(x)'))(d)}, ${orJunk(among('x', '$t', 'ops.cast(x, "int32")'))(d)}))(${concrete(d)})`,
    (d) => `made.checkShape?.(${kinds.name(d)}, ${shape(d)})`,
  );

/** Something of every family by turns, so that no one is rare. */
const anything: Kind = (draw) => {
  const [space, name] = draw.pick(MAKERS);
  const ask = questions(draw);
  return `const made = ${made(draw, space, name)};
await own.attempt(() => ${ask(draw)});
return ${ask(draw)};`;
};

const constructors: Kind = (draw) =>
  `return new ${draw.pick(['Model', 'Sequential', 'RidgelineError'])}(${draw.several(0, 4, junk)});`;

/** Code of cases. */
export const values: Kind = either(tensors, weights, anything, anything, anything, constructors);
