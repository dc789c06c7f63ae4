/**
 * The summary of a model: a table of layers, shapes and parameters.
 */
import Table from 'cli-table3';
import { options as checkOptions } from '../core/check.js';
import { shapeText } from '../core/tensor.js';
import { argumentError } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import type { Network } from './network.js';
import { type Measured, type StepMemoryOptions, stepMemory } from './step-memory.js';

/** Options of {@link Model.summary}. */
export interface SummaryOptions extends StepMemoryOptions {
  /** False to return the text without printing it. Default true. */
  readonly print?: boolean | undefined;
}

/**
 * The summary as text; printed unless the options say otherwise.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, `ERR_NOT_COMPILED` where the memory of a training step is asked
 *   for.
 */
export function summary(
  model: Network & {
    readonly built: boolean;
    readonly layers: readonly Layer[];
    readonly training: Measured;
  },
  options: SummaryOptions,
): string {
  const { print = true, ...of } = checkOptions('summary', options, ['print', 'batchSize', 'length']);
  if (of.length !== undefined && of.batchSize === undefined)
    throw argumentError('batchSize', 'given with length', undefined);
  const memory = of.batchSize === undefined ? '' : `\n${stepMemory(model, model.training, of)}`;
  const table = new Table({
    head: ['Layer (class)', 'Output shape', 'Params'],
    colAligns: ['left', 'left', 'right'],
    style: { head: [], border: [] },
  });
  const calls = model.built ? model.graph.calls : [];
  const seen = new Set<object>();
  for (const call of calls) {
    const layer = call.layer as Layer | undefined;
    const shape = call.outputs.map((t) => shapeText(t.shape)).join(' ');
    const params = layer && !seen.has(layer) ? layer.countParams() : 0;
    if (layer) seen.add(layer);
    const kind = layer ? (layer.constructor as { className?: string }).className : 'op';
    table.push([`${layer?.name ?? call.label} (${kind})`, shape, params.toLocaleString('en-US')]);
  }
  if (calls.length === 0) for (const layer of model.layers) table.push([layer.name, '?', '?']);
  const count = (weights: readonly { shape: readonly number[] }[]): number =>
    weights.reduce((sum, w) => sum + w.shape.reduce((a, b) => a * b, 1), 0);
  const [all, trainable] = [count(model.weights), count(model.trainableWeights)];
  const text =
    `Model: ${model.name}\n${table.toString()}\n` +
    `Total params: ${all.toLocaleString('en-US')} (trainable ${trainable.toLocaleString('en-US')}, ` +
    `non-trainable ${(all - trainable).toLocaleString('en-US')})${memory}`;
  if (print) console.log(text);
  return text;
}
