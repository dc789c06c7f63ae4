/**
 * Whether a layer of one's own comes back from its config as what it was.
 */

import { withCustom } from '../core/custom.js';
import { undisturbed } from '../core/random.js';
import { standIn } from '../core/recording.js';
import { type Call, SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import type { Layer } from '../layers/layer.js';
import { allLayers, ownClasses } from '../layers/own-classes.js';
import { restoreLayer } from '../layers/registry.js';
import { SharedLayers } from '../layers/shared-layers.js';
import { withoutValues } from '../layers/weights.js';
import type { Regularizer } from '../regularizers/regularizer.js';

/** What is wrong with what comes back as something else. */
export const OTHER = 'it is something else: getConfig must give all that the constructor takes';

/** What training does with the weights of a layer: shapes, penalties and constraints. */
const weightsOf = (layer: Layer): string =>
  JSON.stringify(
    layer.variables.map(({ name, shape, trainable, regularizer, constraint }) => [
      name,
      shape,
      trainable,
      (regularizer as Regularizer | undefined)?.getConfig() ?? regularizer?.factors ?? Boolean(regularizer),
      constraint?.getConfig(),
    ]),
  );

/** What `layer` computes when it is called as in `call`: graph and constants. */
function fingerprint(layer: Layer, call: Call, training: boolean): string {
  const trace = new Trace(training);
  return trace.run(() => {
    const traced = new Map(call.inputs.map((t, i) => [t, standIn(trace, t, `x_${i}`)] as const));
    const place = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(place);
      return value instanceof SymbolicTensor ? traced.get(value) : value;
    };
    const options = call.training === undefined ? [] : [{ training: call.training }];
    layer.invoke([...(call.args ?? []).map(place), ...options]);
    return trace.graph.fingerprint();
  });
}

/**
 * Makes `layer` again from its config and compares what both compute.
 *
 * @param config - Its config, as it is saved.
 * @param functions - Functions that the config names.
 * @returns What is wrong; `undefined` if nothing is.
 */
export function rebuildingFault(
  layer: Layer,
  config: unknown,
  functions: Readonly<Record<string, unknown>>,
  calls: readonly Call[],
): string | undefined {
  const { className } = layer.constructor as typeof Layer;
  try {
    const known = { ...functions, ...ownClasses(layer) };
    const alike = (): boolean => {
      const again = SharedLayers.current.rehearse(() => restoreLayer({ className, config }));
      for (const training of [false, true]) {
        const same = calls.every(
          (call) => fingerprint(layer, call, training) === fingerprint(again, call, training),
        );
        if (!same) return false;
        // What is inside is known now, and may have been frozen later.
        const inner = allLayers(again);
        for (const [i, { trainable }] of allLayers(layer).entries()) {
          const of = inner[i];
          if (of && of.trainable !== trainable) of.trainable = trainable;
        }
      }
      // What is used in training alone is there now too.
      return weightsOf(layer) === weightsOf(again);
    };
    const found = undisturbed(() => withoutValues(Number.POSITIVE_INFINITY, () => withCustom(known, alike)));
    return found ? undefined : OTHER;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
