/**
 * The call graph of a functional model: recorded calls from inputs to outputs, in an order to replay them.
 */
import { type Call, SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import { nameInputs } from './naming.js';

/** See the module documentation. */
export class CallGraph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** Names of the inputs: every prediction asks for them. */
  readonly inputNames: readonly string[];
  /** All calls, each after those it needs. */
  readonly calls: readonly Call[];
  /** The layers called, each once, in the order of {@link byDepth}. */
  readonly layers: readonly Layer[];

  /** @throws {RidgelineError} `ERR_ARGUMENT` when an output does not depend on the inputs alone, `ERR_SHAPE` when its rows are not theirs. */
  constructor(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]) {
    const recorded = (t: unknown): boolean => t instanceof SymbolicTensor && t.traced === undefined;
    if (inputs.length === 0 || !Array.from(inputs).every(recorded))
      throw argumentError('inputs', 'tensors made by input() or computed from them', inputs);
    if (outputs.length === 0 || !Array.from(outputs).every(recorded))
      throw argumentError('outputs', 'symbolic tensors', outputs);
    const [batch, ...others] = inputs.map(({ shape }) => shape[0] as number | null);
    if (others.some((other) => other !== batch))
      throw argumentError('inputs', 'tensors with one batchSize', [batch, ...others]);
    for (const { shape } of outputs) {
      if (shape[0] === null || shape[0] === batch) continue;
      const message = `an output of shape ${shapeText(shape)} has another first axis than the batch`;
      throw new RidgelineError('ERR_SHAPE', message, { argument: 'outputs', received: shape });
    }
    this.inputs = Object.freeze([...inputs]);
    this.outputs = Object.freeze([...outputs]);
    this.inputNames = nameInputs(inputs);
    const given = new Set(inputs);
    const calls = new Set<Call>();
    // Depth first without recursion, so that deep models do not overflow the stack.
    const stack: [SymbolicTensor, boolean][] = outputs.map((t) => [t, false]);
    stack.reverse();
    while (stack.length > 0) {
      const [t, done] = stack.pop() as [SymbolicTensor, boolean];
      const { call } = t;
      if (given.has(t)) continue;
      if (!call) {
        const message = `outputs depend on an input${t.name ? ` '${t.name}'` : ''} that is not among inputs`;
        throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'inputs' });
      }
      if (calls.has(call)) continue;
      if (done) {
        calls.add(call);
        continue;
      }
      stack.push([t, true]);
      for (const input of [...call.inputs].reverse()) stack.push([input, false]);
    }
    this.calls = [...calls];
    this.layers = byDepth(this.calls, outputs);
  }

  /**
   * Replays all calls on traced inputs.
   * @throws {RidgelineError} `ERR_ARGUMENT` for another number of inputs, or what a layer throws.
   */
  replay(inputs: readonly SymbolicTensor[]): SymbolicTensor[] {
    if (inputs.length !== this.inputs.length)
      throw argumentError('inputs', `${this.inputs.length} tensors`, inputs);
    const values = new Map<SymbolicTensor, SymbolicTensor>();
    this.inputs.forEach((t, i) => values.set(t, inputs[i] as SymbolicTensor));
    for (const call of this.calls) {
      const outputs = call.replay(call.inputs.map((t) => values.get(t) as SymbolicTensor));
      call.outputs.forEach((t, i) => values.set(t, outputs[i] as SymbolicTensor));
    }
    return this.outputs.map((t) => values.get(t) as SymbolicTensor);
  }
}

/**
 * The layers of calls in Keras' order, which is that of `getWeights` (`map_graph` of keras/src/models/functional.py): those
 * with the most calls between them and an output first, then as they are met on the way from the outputs to the inputs.
 */
function byDepth(calls: readonly Call[], outputs: readonly SymbolicTensor[]): Layer[] {
  const who = (call: Call): object => call.layer ?? call;
  const depths = new Map<object, number>();
  const least = new Map<Call, number>();
  for (const call of [...calls].reverse()) {
    const depth = Math.max(least.get(call) ?? 0, depths.get(who(call)) ?? 0);
    depths.set(who(call), depth);
    for (const { call: before } of call.inputs)
      if (before) least.set(before, Math.max(least.get(before) ?? 0, depth + 1));
  }
  const known = new Set(calls);
  const met = new Set<Call>();
  const stack = [...outputs].reverse();
  for (let t = stack.pop(); t; t = stack.pop()) {
    const { call } = t;
    if (!call || !known.has(call) || met.has(call)) continue;
    met.add(call);
    stack.push(...[...call.inputs].reverse());
  }
  const layers = new Set([...met].flatMap((call) => (call.layer as Layer | undefined) ?? []));
  const depth = (layer: Layer): number => depths.get(layer) as number;
  return [...layers].sort((a, b) => depth(b) - depth(a));
}
