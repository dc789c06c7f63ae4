/**
 * What attention without heads has in common: shares of scores, however those are made.
 */
import { needsAllSteps } from '../../core/decoding.js';
import { type Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { both } from '../../ops/masks.js';
import type { CallOptionKinds } from '../arguments.js';
import { Layer } from '../layer.js';
import { type AttentionCallOptions, seenBy } from './call-options.js';
import { attend } from './heads.js';
import { causalMask, counted } from './masks.js';
import { dropped, maskedSoftmax } from './shares.js';

/** As of one head. */
const apart = (x: SymbolicTensor): SymbolicTensor => ops.expandDims(x, 2);

/**
 * Called with a list of a query `[batch, queries, size]`, a value `[batch, keys, value size]` and, if it is another one, a
 * key; gives `[batch, queries, value size]`. Masked queries give 0, masked values have no share.
 */
export abstract class ScoreAttention<C extends object> extends Layer<C> {
  static override readonly supportsMasking: boolean = true;
  static override readonly callOptions: CallOptionKinds = {
    queryMask: 'tensors',
    valueMask: 'tensors',
    useCausalMask: 'flag',
    returnAttentionScores: 'flag',
  };

  /** Share of the shares that is dropped, and the number of a random stream. */
  protected abstract readonly drop: { readonly rate: number; readonly seed: number | undefined };

  /** Scores `[batch, queries, keys]`. */
  protected abstract scores(query: SymbolicTensor, key: SymbolicTensor): SymbolicTensor;

  /** The queries whose inner products with the keys are the scores, if they are such. */
  protected factors(_query: SymbolicTensor): SymbolicTensor | undefined {
    return undefined;
  }

  override build(_queryShape: Shape): void {}

  override computeMask(
    inputs: readonly SymbolicTensor[],
    options: AttentionCallOptions = {},
  ): SymbolicTensor | undefined {
    return counted(options.queryMask) ?? inputs[0]?.mask;
  }

  override call(
    inputs: readonly SymbolicTensor[],
    options: AttentionCallOptions = {},
  ): SymbolicTensor | SymbolicTensor[] {
    const fits = Array.isArray(inputs) && inputs.every((x) => x instanceof SymbolicTensor);
    if (!fits || inputs.length < 2 || inputs.length > 3)
      throw argumentError('inputs', 'a list of a query, a value and, if it is another one, a key', inputs);
    const [query, value, key = value] = inputs as [SymbolicTensor, SymbolicTensor, SymbolicTensor?];
    needsAllSteps(Trace.running, this.name, 'keeps no keys and values, as multiHeadAttention does');
    const seen = seenBy(inputs, options);
    const [queries, values] = [counted(seen.query), counted(seen.value)];
    const mask = values && ops.expandDims(values, -2);
    const { rate, seed } = this.drop;
    const how = { causal: options.useCausalMask ?? false, rate: this.isTraining ? rate : 0, seed };
    const asked = options.returnAttentionScores ?? false;
    const factors = asked || query.rank !== 3 ? undefined : this.factors(query);
    if (factors) {
      const heads = { query: apart(factors), key: apart(key), value: apart(value) };
      const { taken } = attend(heads, { ...how, mask, queries, scale: 1, axes: [1], shares: false });
      return ops.squeeze(taken, 2);
    }
    const scores = this.scores(query, key);
    const shares = maskedSoftmax(scores, both(mask, how.causal ? causalMask(scores) : undefined));
    const taken = ops.matmul(dropped(shares, how.rate, seed), value) as SymbolicTensor;
    const output = queries ? ops.where(ops.expandDims(queries, -1), taken, 0) : taken;
    return asked ? [output, shares] : output;
  }
}
