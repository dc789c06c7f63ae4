/**
 * Recording: a call on tensors of the functional API is kept, to be replayed in the traces of a model. A trial trace finds
 * what it gives: types, which of the unknown sizes are the same, and whether it has a mask.
 */
import { guard } from '../native.js';
import type { Operand } from './operand.js';
import { type Call, SymbolicTensor } from './symbolic.js';
import { Trace } from './trace.js';

/** What trial traces know of a recorded tensor, besides its type. */
interface Known {
  /** Names of its unknown sizes: equal ones have equal names. */
  readonly sizes: readonly string[];
  readonly mask?: SymbolicTensor;
}

const known = new WeakMap<SymbolicTensor, Known>();
let inputs = 0;

function knownOf(t: SymbolicTensor): Known {
  const found = known.get(t);
  if (found) return found;
  // Of an input: all batches are alike, and each other size may be another.
  const number = inputs++;
  const made = { sizes: t.shape.map((_, axis) => (axis === 0 ? 'batch' : `${number}_${axis}`)) };
  known.set(t, made);
  return made;
}

/** The stand-in for a recorded tensor in a trial trace, with a mask where it has one. */
export function standIn(trial: Trace, t: SymbolicTensor, name: string): SymbolicTensor {
  const { sizes, mask } = knownOf(t);
  const value = trial.input(t.name ?? name, t.shape, t.dtype, sizes);
  return value.withMask(mask && standIn(trial, mask, `${name}_mask`));
}

/** A recorded tensor like a value of a trial trace. */
function recordedAs(trial: Trace, value: SymbolicTensor): SymbolicTensor {
  const [id] = trial.ids([value]) as [number];
  const t = new SymbolicTensor(value.shape, value.dtype);
  const { mask } = value;
  known.set(t, {
    sizes: guard(() => trial.graph.sizes(id)),
    ...(mask ? { mask: recordedAs(trial, mask) } : {}),
  });
  return t;
}

/** Records a call: `work` computes it from its inputs, of which those of the functional API stand for others in each trace. */
export function record(
  site: Omit<Call, 'inputs' | 'replay' | 'outputs'>,
  given: readonly Operand[],
  work: (inputs: readonly Operand[]) => SymbolicTensor[],
): SymbolicTensor[] {
  const symbols = given.filter((t): t is SymbolicTensor => t instanceof SymbolicTensor);
  const replay = (values: SymbolicTensor[]): SymbolicTensor[] => {
    let at = 0;
    return work(given.map((t) => (t instanceof SymbolicTensor ? (values[at++] as SymbolicTensor) : t)));
  };
  const trial = new Trace(false);
  try {
    const found = trial.run(() => replay(symbols.map((t, i) => standIn(trial, t, `input_${i}`))));
    const call: Call = {
      ...site,
      ...(site.layer ? {} : { weights: [...trial.weights] }),
      inputs: symbols,
      replay,
      outputs: found.map((value) => recordedAs(trial, value)),
    };
    for (const output of call.outputs) output.call = call;
    return call.outputs;
  } finally {
    trial.graph.release();
  }
}
