/**
 * The graph that training makes small and evaluation measures: a model's losses, penalties and metrics in one trace.
 */

import { isPlain } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError, within } from '../errors.js';
import { maskedWeight, reduced, values } from '../losses/reduction.js';
import { type Increments, type Metric, mean, type Sums } from '../metrics/metric.js';
import * as ops from '../ops/index.js';
import type { Compiled } from './compilation.js';
import type { RowsSpec } from './labelled-data.js';
import { type Network, traceInputs } from './network.js';
import { perOutput } from './one-or-several.js';
import { type OwnStep, ownStep } from './own-step.js';

/** A number of the logs: the sums it is made of, one after the other, and what it is then. */
export interface Measure {
  /** Names of the sums, and how many elements each has. */
  readonly sums: readonly (readonly [name: string, size: number])[];
  result(sums: Sums): number | readonly number[];
}

/** See the module documentation; its penalties are those of the trace. */
export interface LossGraph {
  readonly trace: Trace;
  /** The loss without penalties. */
  readonly loss: SymbolicTensor;
  /** What a batch adds to the sums of all measures, in their order. */
  readonly sums: SymbolicTensor[];
  /** Losses of several outputs, then metrics, then logs of a step of one's own. */
  readonly measures: Measure[];
  /** Keys of the latter. */
  readonly logs: readonly string[];
  /** What a step of one's own makes small by which of the trained weights. */
  readonly parts: OwnStep['parts'];
}

/**
 * Traces the loss graph of a network for rows like these.
 * @throws {RidgelineError} What is wrong with a loss or metric, by its name and output, or with a layer.
 */
export function traceLoss(
  network: Network,
  compiled: Compiled,
  rows: RowsSpec,
  training: boolean,
): LossGraph {
  const trace = new Trace(training);
  trace.keepsPenalties = true;
  return trace.run(() => {
    const inputs = traceInputs(network, trace);
    const { outputNames } = network;
    const { losses, lossWeights, metrics, weightedMetrics, trainStep } = compiled;
    // A step of one's own calls the model itself; its labels have sizes like the inputs then.
    const replayed = trainStep ? undefined : network.graph.replay(inputs);
    const like = (output: number): SymbolicTensor => (replayed?.[output] ?? inputs[0]) as SymbolicTensor;
    const truths: SymbolicTensor[] = [];
    for (const { output, shape, dtype } of rows.labels)
      truths[output] = trace.inputLike(`y_${output}`, [null, ...shape.slice(1)], like(output), dtype);
    const sampleWeights: SymbolicTensor[] = [];
    for (const { outputs: of, positions } of rows.weights) {
      const shape = [null, ...positions];
      const weight = trace.inputLike('sample_weight', shape, like(of[0] as number), 'float32');
      for (const output of of) sampleWeights[output] = weight;
    }
    const several = outputNames.length > 1;
    const of = (i: number): string => (several ? `of output '${outputNames[i]}'` : '');
    const sums: SymbolicTensor[] = [];
    const measures: Measure[] = [];
    const measure = (result: Measure['result'], added: Increments): void => {
      if (!isPlain(added)) throw argumentError('what update() gives', 'an object of sums by name', added);
      const named = Object.entries(added);
      for (const [, increment] of named) sums.push(increment);
      measures.push({ result, sums: named.map(([name, increment]) => [name, sizeOf(name, increment)]) });
    };
    const count = trace.size(inputs[0] as SymbolicTensor, 0);
    /** Adds up the losses of outputs; `each` hears of them. */
    const totalLoss = (
      outputs: readonly SymbolicTensor[],
      each: (loss: SymbolicTensor) => void = () => {},
    ): SymbolicTensor => {
      let total: SymbolicTensor | undefined;
      outputs.forEach((output, i) => {
        const loss = losses[i];
        if (!loss) return;
        const one = within(`loss ${quoted(loss.name)}${of(i)}`, () =>
          reduced(Trace.running, loss, [truths[i] as SymbolicTensor, output], sampleWeights[i]),
        );
        const share = lossWeights[i] === 1 ? one : ops.mul(one, lossWeights[i] as number);
        total = total ? ops.add(total, share) : share;
        each(one);
      });
      if (total) return total;
      if (trainStep) throw argumentError('loss', 'a loss, since trainStep computes it', undefined);
      const isPenalized = network.trainableWeights.some(({ regularizer }) => regularizer);
      // Metrics alone can be measured, but not trained.
      const isMeasured = !training && [...metrics, ...weightedMetrics].some((of) => of && of.length > 0);
      if (trace.penalties.length > 0 || isPenalized || isMeasured) return trace.value(0);
      throw argumentError('loss', 'a loss, since no layer adds one', undefined);
    };
    /** Outputs of the model, all of them. */
    const ofAll = (what: string, given: unknown): readonly SymbolicTensor[] => {
      const outputs = [given].flat() as SymbolicTensor[];
      if (outputs.length === outputNames.length) return outputs;
      throw argumentError(what, `as many as the model has, which is ${outputNames.length}`, outputs);
    };
    const own =
      trainStep &&
      within('trainStep', () =>
        ownStep(network, trace, trainStep, {
          x: inputs[0] as SymbolicTensor,
          inputs,
          y: truths.find(Boolean) as SymbolicTensor,
          labels: truths.filter(Boolean),
          sampleWeight: sampleWeights.find(Boolean),
          model: (given) =>
            perOutput(
              network.graph.replay(
                [given].flat().map((value) => Trace.running.value(value as SymbolicTensor)),
              ),
            ) as never,
          computeLoss: (outputs) => totalLoss(ofAll('outputs of computeLoss', outputs)),
        }),
      );
    const loss =
      own?.loss ??
      totalLoss(replayed as SymbolicTensor[], (one) => {
        if (several) measure(mean, { total: ops.mul(one, count), weight: count });
      });
    const outputs = own?.outputs ? ofAll('outputs of trainStep', own.outputs) : (replayed ?? []);
    for (const i of outputNames.keys()) {
      const output = outputs[i];
      const add = (metric: Metric, weight: SymbolicTensor | undefined): void => {
        if (!output) throw argumentError('outputs of trainStep', 'given for the metrics', own?.outputs);
        within(`metric ${quoted(metric.name)}${of(i)}`, () =>
          measure(
            (sums) => metric.result(sums),
            // A function does so itself, by what it gives.
            metric.update(
              truths[i] as SymbolicTensor,
              output,
              metric.source === undefined ? maskedWeight(weight, output) : weight,
              losses[i],
            ),
          ),
        );
      };
      for (const metric of metrics[i] ?? []) add(metric, undefined);
      for (const metric of weightedMetrics[i] ?? []) add(metric, sampleWeights[i]);
    }
    for (const [, value] of own?.logs ?? []) measure(mean, { total: ops.mul(value, count), weight: count });
    for (const weight of network.trainableWeights) {
      if (weight.regularizer && !weight.regularizer.factors)
        trace.penalties.push(weight.regularizer.call(weight));
    }
    const logs = own?.logs.map(([key]) => key) ?? [];
    return { trace, loss, sums, measures, logs, parts: own?.parts ?? [] };
  });
}

function quoted(name: string | undefined): string {
  return name === undefined ? '' : `'${name}' `;
}

/**
 * Elements of what a batch adds to a sum of a metric.
 * @throws {RidgelineError} `ERR_ARGUMENT` unless it is float32 of a known size.
 */
function sizeOf(name: string, added: SymbolicTensor): number {
  const of = values(`increment '${name}'`, added);
  if (of.dtype === 'float32' && !of.shape.includes(null))
    return of.shape.reduce<number>((a, d) => a * (d as number), 1);
  throw argumentError(`increment '${name}'`, 'float32 of a known size', of);
}
