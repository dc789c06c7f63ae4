/**
 * Names within a model: of its layers, inputs and outputs, told apart by numbers behind them.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { UniqueNames } from '../core/unique-names.js';
import { RidgelineError } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import { nameAmong } from '../layers/naming.js';

/** The first of `names` that occurs before. */
function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/**
 * Names the layers of a model: those that the user named keep their names, and those of other models where they can; the
 * others are numbered as they were made.
 * @throws {RidgelineError} `ERR_ARGUMENT` when the user gave a name twice; nothing is renamed then.
 */
export function nameLayers(layers: readonly Layer[]): void {
  const given = layers.filter((layer) => layer.isNamed).map((layer) => layer.name);
  const twice = repeated(given);
  if (twice !== undefined) {
    throw new RidgelineError('ERR_ARGUMENT', `two layers are called '${twice}'`, {
      layer: twice,
      argument: 'name',
    });
  }
  const names = new UniqueNames(given);
  const unnamed = layers.filter((layer) => !layer.isNamed);
  unnamed.sort((a, b) => Number(b.isPlaced) - Number(a.isPlaced) || a.creationIndex - b.creationIndex);
  for (const layer of unnamed) layer.rename(nameAmong(layer, names));
}

/**
 * Rejects inputs that the user called alike.
 * @throws {RidgelineError} `ERR_ARGUMENT` with the name.
 */
export function checkInputNames(inputs: readonly SymbolicTensor[]): void {
  const twice = repeated(inputs.flatMap((t) => t.name ?? []));
  if (twice === undefined) return;
  throw new RidgelineError('ERR_ARGUMENT', `two inputs are called '${twice}'`, { argument: 'inputs' });
}

/** Names of inputs: those given, or `input`, `input_1`, …. */
export function nameInputs(inputs: readonly SymbolicTensor[]): string[] {
  const names = new UniqueNames(inputs.flatMap((t) => t.name ?? []));
  return inputs.map((t) => t.name ?? names.take('input'));
}

/** Names of outputs: of the layers that compute them, told apart from each other and from the inputs. */
export function nameOutputs(outputs: readonly SymbolicTensor[], inputNames: readonly string[]): string[] {
  const names = new UniqueNames(inputNames);
  return outputs.map((t) => {
    const layer = t.call?.layer as Layer | undefined;
    return names.take(layer?.name ?? t.call?.label ?? t.name ?? 'output');
  });
}
