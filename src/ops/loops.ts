/**
 * Loops: a function of ops, traced once and gone through natively step by step.
 */
import { dispatch } from '../core/apply.js';
import { boolean, options as checkOptions, count } from '../core/check.js';
import type { Operand } from '../core/operand.js';
import { StepTrace } from '../core/step-trace.js';
import { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError } from '../errors.js';
import { guard } from '../native.js';
import { add } from './arithmetic.js';
import { sum } from './reduction.js';
import { type Behind, type Element, type Inside, type Next, type Some, Standing } from './standing.js';

/** Options of {@link scan}. */
export interface ScanOptions {
  /** Number of steps, where there are no sequences; at most 2²⁴. */
  readonly length?: number | undefined;
  /** From the last step to the first; what the steps give stands in order. Default false. */
  readonly reverse?: boolean | undefined;
}

/** Options of {@link whileLoop}. */
export interface WhileLoopOptions {
  /** Steps at most, so that a condition that always holds ends. Default 2²⁴. */
  readonly maximumIterations?: number | undefined;
}

/** The most steps of a loop, unless more are asked for: who wants more has made a mistake. */
const MOST = 2 ** 24;
/** The most steps that a loop counts. */
const COUNTED = 2 ** 32 - 1;

/** What layers add to the loss in a step, as one, if anything and if somebody asks for it. */
function penaltyOf({ penalties, keepsPenalties }: Trace): SymbolicTensor[] {
  return keepsPenalties && penalties.length > 0 ? [penalties.reduce((a, b) => add(a, b))] : [];
}

/** Traces a step with inputs; its graph is let go of when `work` is done. */
function inStep<T>(outer: Trace, work: (step: StepTrace) => T): T {
  const step = new StepTrace(outer);
  try {
    return step.run(() => work(step));
  } finally {
    step.graph.release();
  }
}

/**
 * Goes through sequences along their first axis, as `jax.lax.scan` and `keras.ops.scan` do: `step(carry, x)` gives the next
 * carry and what is kept of the step. It is traced once, may use tensors, weights and layers from around it, and has a
 * gradient. A carry keeps its shape and type from step to step.
 *
 * @param step - From the carry and a slice of each sequence to `[carry, output]`; the output may be left out.
 * @param initial - The carry before the first step: a tensor, or a list of them.
 * @param sequences - Tensors `[steps, …]` of one length, or nothing; then `length` says how many steps there are.
 * @returns The last carry, and the outputs of all steps, `[steps, …]`.
 * @example
 * ```ts
 * const [total, totals] = ops.scan(
 *   (sum, x) => {
 *     const next = ops.add(sum, x);
 *     return [next, next];
 *   },
 *   0,
 *   tensor([1, 2, 3]),
 * );
 * console.log(total.toArray(), totals.toArray()); // 6 [1, 3, 6]
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` and `ERR_SHAPE` for what does not fit, such as a carry of another shape behind a
 *   step, or, in the step of another loop, more than 256 steps.
 */
export function scan<const C extends Some, const X extends Some, const Y extends Some = undefined>(
  step: (carry: Inside<C>, x: Inside<X>) => readonly [carry: Next<C>, output?: Y],
  initial: C,
  sequences: X,
  options: ScanOptions = {},
): [carry: Behind<C, Element<C> | Element<X>>, outputs: Behind<Y, Element<C> | Element<X>>] {
  if (typeof step !== 'function') throw argumentError('step', 'a function', step);
  const { length, reverse = false } = checkOptions('scan', options, ['length', 'reverse']);
  boolean('reverse', reverse);
  const carry = new Standing('initial', initial);
  const through = new Standing('sequences', sequences);
  if (through.all.length > 0 ? length !== undefined : count('length', length as number, 0) > MOST)
    throw argumentError('length', `left out with sequences, at most ${MOST} without`, length);
  let given = new Standing('output', undefined);
  const results = dispatch({ label: 'scan' }, [...carry.all, ...through.all], (operands) => {
    const outer = Trace.running;
    const values = operands.map((value) => outer.value(value));
    const carried = carry.all.length;
    return inStep(outer, (part) => {
      const inside = values.map((value, i) => part.take(value, i >= carried));
      const result: unknown = step(
        carry.place(inside.slice(0, carried)) as Inside<C>,
        through.place(inside.slice(carried)) as Inside<X>,
      );
      if (!Array.isArray(result) || result.length < 1 || result.length > 2)
        throw argumentError('what the step gives', '[carry, output]', result);
      const next = new Standing('the carry that the step gives', result[0]).all;
      if (next.length !== carried)
        throw argumentError('the carry', `${carried} tensors as before`, result[0]);
      given = new Standing('the output of the step', result[1]);
      part.checkAssigned();
      // Losses that layers add in a step, of all steps.
      const penalties = penaltyOf(part);
      const outputs = [...next, ...given.all, ...penalties].map((value) => part.value(value));
      const found = guard(() =>
        outer.graph.scan(
          part.graph,
          part.ids(outputs),
          outer.ids(part.taken),
          carried,
          through.all.length,
          length ?? 0,
          reverse,
        ),
      )
        .slice(0, outputs.length)
        .map((value) => SymbolicTensor.of(outer, value));
      for (const penalty of penalties.length > 0 ? found.splice(-1) : [])
        outer.penalties.push(outer.run(() => sum(penalty)));
      return found;
    });
  });
  const carried = carry.all.length;
  return [carry.place(results.slice(0, carried)), given.place(results.slice(carried))] as never;
}

/**
 * Goes on with `step` as long as `condition` holds, as `jax.lax.while_loop` and `keras.ops.while_loop` do. Both are traced
 * once, and may use tensors, weights and layers from around them. There is no gradient: how often it goes round is known
 * only as it runs.
 *
 * @param condition - From the state to a bool scalar.
 * @param step - From the state to the next one, of the same shapes and types.
 * @param initial - The state before the first step: a tensor, or a list of them.
 * @returns The state that the condition does not hold for, or that behind the last step allowed.
 * @example
 * ```ts
 * const found = ops.whileLoop((x) => ops.less(x, 100), (x) => ops.mul(x, 2), tensor(3));
 * console.log(found.toArray()); // 192
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_DTYPE` and `ERR_SHAPE` for what does not fit.
 */
export function whileLoop<const S extends Some>(
  condition: (state: Inside<S>) => Operand,
  step: (state: Inside<S>) => Next<S>,
  initial: S,
  options: WhileLoopOptions = {},
): Behind<S, Element<S>> {
  for (const [name, of] of Object.entries({ condition, step }))
    if (typeof of !== 'function') throw argumentError(name, 'a function', of);
  const { maximumIterations = MOST } = checkOptions('whileLoop', options, ['maximumIterations']);
  if (count('maximumIterations', maximumIterations, 0) > COUNTED)
    throw argumentError('maximumIterations', `at most ${COUNTED}`, maximumIterations);
  const state = new Standing('initial', initial);
  if (state.all.length === 0) throw argumentError('initial', 'a tensor, or tensors in a list', initial);
  const results = dispatch({ label: 'whileLoop' }, state.all, (operands) => {
    const outer = Trace.running;
    const values = operands.map((value) => outer.value(value));
    const { length } = values;
    // Losses that layers add in the steps so far.
    if (outer.keepsPenalties) values.push(outer.value(0));
    return inStep(outer, (asking) => {
      const asked = values.map((value) => asking.take(value)).slice(0, length);
      const holds = asking.value(condition(state.place(asked) as Inside<S>));
      return inStep(outer, (part) => {
        const inside = values.map((value) => part.take(value));
        part.captureAs(asking, values.length);
        const given = step(state.place(inside.slice(0, length)) as Inside<S>);
        const next = new Standing('what the step gives', given).all.map((value) => part.value(value));
        if (next.length !== length)
          throw argumentError('what the step gives', `${length} tensors as before`, given);
        asking.checkAssigned();
        part.checkAssigned();
        const penalties = penaltyOf(part).map((penalty) => add(inside[length] as SymbolicTensor, penalty));
        next.push(...penalties);
        const found = guard(() =>
          outer.graph.whileLoop(
            asking.graph,
            asking.ids([holds])[0] as number,
            part.graph,
            part.ids(next),
            outer.ids(part.taken),
            maximumIterations,
          ),
        ).map((value) => SymbolicTensor.of(outer, value));
        outer.penalties.push(...found.splice(length));
        return found;
      });
    });
  });
  return state.place(results) as never;
}
