/**
 * What a layer can say and ask while its `call` is traced.
 */
import { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { Weight } from '../core/weight.js';
import { argumentError, RidgelineError } from '../errors.js';
import { Weighted } from './weighted.js';
import type { WeightOptions } from './weights.js';

const MADE_IN_CALL =
  'was made in call(), which runs for every program: make weights, and layers that have some, in the constructor or in build()';

/** Layers whose `call` is running, outermost first. */
const calling: Calling[] = [];

/** What stands behind the name of a parameter that waits for it: nothing, or a default that asks nobody. */
const UNASKED = '(\\s*:\\s*\\w+)?(\\s*=\\s*(false|true|null|undefined|void 0|!0|!1))?\\s*(?=[;}]|$)';
/** A parameter of that name that waits, alone or in braces. */
const waiting = (name: string): RegExp => new RegExp(`^\\s*(\\{.*)?\\b${name}\\b${UNASKED}`, 's');

/** What Keras passes to parameters of these names, and what says it here. */
const PASSED = [
  { name: 'training', waits: waiting('training'), here: 'this.isTraining' },
  { name: 'mask', waits: waiting('mask'), here: 'the mask of the tensor itself' },
] as const;

const textOf = (call: (...args: unknown[]) => unknown): string => Function.prototype.toString.call(call);

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
/** Comments, texts, brackets and commas. */
const MARKS = new RegExp(
  `${COMMENT.source}|'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*"|\`(?:[^\`\\\\]|\\\\.)*\`|[()[\\]{},]`,
  'g',
);

/** The parameters of a method, by its text: its `length` leaves out those with a default, and those behind them. */
function parametersOf(text: string): string[] {
  const parameters: string[] = [];
  let [depth, from] = [0, 0];
  for (const { 0: mark, index } of text.matchAll(MARKS)) {
    if (depth === 1 && (mark === ',' || mark === ')')) {
      parameters.push(text.slice(from, index));
      from = index + 1;
    }
    if ('([{'.includes(mark)) {
      if (depth === 0) from = index + 1;
      depth += 1;
    }
    if (')]}'.includes(mark) && --depth === 0) break;
  }
  return parameters.map((of) => of.replace(COMMENT, '')).filter((of) => of.trim() !== '');
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for a parameter that waits for what Keras passes, as far as its text tells. */
function checkParameters(call: (...args: unknown[]) => unknown, given: readonly unknown[]): void {
  const whole = textOf(call);
  const isMasked = given.some((of) => of instanceof SymbolicTensor && of.mask);
  // What stands in braces ends with a semicolon, as if it were a parameter.
  const left = parametersOf(whole)
    .slice(given.length)
    .map((of) => of.replaceAll(',', ';'));
  for (const { name, waits, here } of PASSED) {
    const asks = (of: string): boolean => {
      const [, object] = /^\s*(\w+)/.exec(of) ?? [];
      return object !== undefined && new RegExp(`\\b${object}\\??\\.${name}\\b`).test(whole);
    };
    if (left.some((of) => waits.test(of) || asks(of)) && (name === 'training' || isMasked))
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `parameter '${name}' of call() must be left out: ${here} says it`,
        {
          argument: name,
        },
      );
  }
}

/** See the module documentation. */
export abstract class Calling extends Weighted {
  /** The layer in whose `call` this one was made, if in any. */
  readonly #madeIn: Calling | undefined = calling.at(-1);

  /** Runs the class's `call`: the instance's own is the platform's, so it is found through the prototype. */
  protected computed(given: readonly unknown[], options: readonly unknown[]): unknown {
    const { call } = Object.getPrototypeOf(this) as { call?: (...args: unknown[]) => unknown };
    if (typeof call !== 'function')
      throw argumentError('class of the layer', 'one with call()', this.constructor);
    if (options.length === 0) checkParameters(call, given);
    const tensors = [...given];
    tensors.length =
      options.length > 0 ? Math.max(parametersOf(textOf(call)).length - 1, given.length) : given.length;
    calling.push(this);
    try {
      return call.apply(this, [...tensors, ...options]);
    } finally {
      calling.pop();
    }
  }

  protected override addWeight(name: string, options: WeightOptions): Weight {
    if (calling.at(-1) === this)
      throw new RidgelineError('ERR_ARGUMENT', `weight '${name}' ${MADE_IN_CALL}`, { argument: name });
    return super.addWeight(name, options);
  }

  /** @throws {RidgelineError} `ERR_ARGUMENT` if it has weights and was made in the `call` of `parent`. */
  protected checkMade(parent: Calling): void {
    if (this.#madeIn === parent && this.variables.length > 0)
      throw new RidgelineError('ERR_ARGUMENT', `the layer ${MADE_IN_CALL}`);
  }

  /**
   * Says that `weight` holds `next` from here on and after this training step, or this call by itself that is for training;
   * after every batch, whatever it is for, if the weight is `carried`; without effect elsewhere. A weight that is trained gets the gradients of what reads it, before and
   * after alike; none flows through `next`.
   */
  protected assign(weight: Weight, next: SymbolicTensor): void {
    if (!(weight instanceof Weight)) throw argumentError('what is assigned to', 'a weight', weight);
    const trace = Trace.current;
    if (!(next instanceof SymbolicTensor) || next.traced?.trace !== trace)
      throw argumentError(`next value of '${weight.name}'`, 'a symbolic tensor of this call', next);
    if (!trace || !(trace.training || weight.isCarried)) return;
    // What is trained is trained through reads of what it holds, not through what that came from.
    const value = weight.trainable ? trace.emit('stopGradient', [next])[0] : next;
    const before = trace.assigned.get(weight) ?? [];
    trace.assigned.set(weight, [...before, value]);
  }

  /** Adds a scalar to the loss of the model: in training, and in what `evaluate` measures. Its factor is in it. */
  protected addLoss(loss: SymbolicTensor): void {
    const trace = Trace.current;
    const fits = loss instanceof SymbolicTensor && loss.rank === 0 && loss.dtype === 'float32';
    if (!fits || loss.traced?.trace !== trace)
      throw argumentError('loss', 'a float32 scalar of this call, such as ops.mean(x)', loss);
    trace?.penalties.push(loss);
  }

  /** True while the call that is being traced is for training. */
  protected get isTraining(): boolean {
    return Trace.current?.training ?? false;
  }
}
