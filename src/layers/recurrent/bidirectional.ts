/**
 * Bidirectional: a recurrent layer that goes both ways, each with weights of its own (Schuster & Paliwal 1997).
 */
import { withCustom } from '../../core/custom.js';
import { oneOf } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { CallOptionKinds } from '../arguments.js';
import type { GivesOne, GivesSeveral } from '../gives.js';
import { innerLayer } from '../inner-layer.js';
import { Layer } from '../layer.js';
import { type LayerOptions, nullable, option, type Table } from '../options.js';
import { ownClasses } from '../own-classes.js';
import { Recurrent } from './recurrent.js';
import type {
  OutputAndStates,
  RecurrentCallOptions,
  RecurrentInputs,
  RecurrentSettings,
} from './recurrent-options.js';
import { RNN } from './rnn.js';

/** How the outputs of both ways become one. */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'ave';

/** Options of {@link Bidirectional}. */
export interface BidirectionalOptions extends LayerOptions {
  /** How the outputs become one; `null` gives both, in a list. Default `'concat'`. */
  readonly mergeMode?: MergeMode | null | undefined;
  /** The layer that goes backwards. Default: one like the other, with weights of its own. */
  readonly backwardLayer?: Layer | null | undefined;
}

/** Config of {@link Bidirectional}. */
export interface BidirectionalConfig extends BidirectionalOptions {
  /** The recurrent layer that goes forward. */
  readonly layer: Layer;
}

type Given = [layer: Layer, options?: BidirectionalOptions] | [config: BidirectionalConfig];
// biome-ignore lint/suspicious/noExplicitAny: of any options.
type Any = Recurrent<any, any> | RNN;

const isRecurrent = (layer: Layer): layer is Any => layer instanceof Recurrent || layer instanceof RNN;

const settingsOf = (layer: Any): RecurrentSettings => layer.options as unknown as RecurrentSettings;

/** A layer of the same class with some options changed, of cells made anew where it has some. */
function alike<L extends Layer>(layer: L, changed: Record<string, unknown> = {}): L {
  const Class = layer.constructor as unknown as new (config: Record<string, unknown>) => L;
  const { cell } = layer.options as { cell?: Layer | readonly Layer[] };
  const cells = cell && { cell: Array.isArray(cell) ? cell.map((one) => alike(one)) : alike(cell as Layer) };
  return withCustom(ownClasses(layer), () => new Class({ ...layer.getConfig(), ...cells, ...changed }));
}

/**
 * Input `[batch, time, features]`, output as the layer's, with the features of both ways. As in Keras, masked steps give 0
 * where all steps are given, outputs stand in the order in which `layer` goes, and the layers are made anew from the config of
 * the one that is given.
 */
export class Bidirectional extends Layer<BidirectionalConfig, Given> {
  static override readonly className: string = 'Bidirectional';
  static override readonly takesOne: boolean = true;
  static override readonly callOptions: CallOptionKinds = { initialState: 'tensors' };
  static override readonly options: Table<BidirectionalConfig> = {
    layer: innerLayer,
    mergeMode: nullable(oneOf(['concat', 'sum', 'mul', 'ave'], 'concat')),
    backwardLayer: option(innerLayer.read, null, innerLayer.save),
  };
  /** The layer that goes forward. */
  readonly forwardLayer: Any;
  /** The layer that goes backwards. */
  readonly backwardLayer: Any;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for layers that are no recurrent ones, or do not go together. */
  constructor(...given: Given) {
    super(...given);
    const { layer, backwardLayer } = this.options;
    if (!isRecurrent(layer)) throw argumentError('layer', 'a recurrent layer', layer);
    if (backwardLayer !== undefined && !isRecurrent(backwardLayer))
      throw argumentError('backwardLayer', 'a recurrent layer', backwardLayer);
    const { returnSequences, returnState, goBackwards, stateful } = settingsOf(layer);
    if (goBackwards && !backwardLayer)
      throw argumentError('layer', 'one whose goBackwards is false, without a backwardLayer', goBackwards);
    const zeroOutputForMask = returnSequences;
    this.forwardLayer = alike(layer, { name: `forward_${layer.name}`, zeroOutputForMask });
    const backward = { name: `backward_${(backwardLayer ?? layer).name}`, zeroOutputForMask };
    this.backwardLayer = backwardLayer
      ? alike(backwardLayer, backward)
      : alike(layer, { ...backward, goBackwards: true });
    const other = settingsOf(this.backwardLayer);
    const wanted = { goBackwards: !goBackwards, returnSequences, returnState, stateful };
    for (const [name, value] of Object.entries(wanted) as [keyof typeof wanted, boolean][])
      if (other[name] !== value)
        throw argumentError('backwardLayer', `one whose ${name} is ${value}, beside its layer`, other[name]);
  }

  override build(inputShape: Shape): void {
    this.forwardLayer.build(inputShape);
    this.backwardLayer.build(inputShape);
  }

  /** That of the input where all steps are given. */
  override computeMask([x]: readonly SymbolicTensor[]): SymbolicTensor | undefined {
    return settingsOf(this.forwardLayer).returnSequences ? x?.mask : undefined;
  }

  override call(x: SymbolicTensor, options: RecurrentCallOptions = {}): SymbolicTensor | SymbolicTensor[] {
    const { returnState, returnSequences, goBackwards } = settingsOf(this.forwardLayer);
    const states = [options.initialState ?? []].flat() as SymbolicTensor[];
    const count = this.forwardLayer.stateSize.length + this.backwardLayer.stateSize.length;
    if (states.length > 0 && states.length !== count)
      throw argumentError('initialState', `${count} tensors, those of both ways`, options.initialState);
    const half = this.forwardLayer.stateSize.length;
    const run = (layer: Any, own: SymbolicTensor[]): SymbolicTensor[] => {
      const given = own.length > 0 ? { initialState: own } : {};
      return [layer.alignment.withInputs(() => layer.invoke([x, given]))].flat() as SymbolicTensor[];
    };
    const [forward, ...forwardStates] = run(this.forwardLayer, states.slice(0, half));
    const [backward, ...backwardStates] = run(this.backwardLayer, states.slice(half));
    const aligned = this.#merged(forward as SymbolicTensor, backward as SymbolicTensor);
    // The order of both is that of the first.
    const merged = goBackwards && returnSequences ? aligned.map((y) => ops.flip(y, 1)) : aligned;
    if (returnState) return [...merged, ...forwardStates, ...backwardStates];
    return merged.length === 1 ? (merged[0] as SymbolicTensor) : merged;
  }

  #merged(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor[] {
    switch (this.options.mergeMode) {
      case undefined:
        return [a, b];
      case 'sum':
        return [ops.add(a, b)];
      case 'mul':
        return [ops.mul(a, b)];
      case 'ave':
        return [ops.mul(ops.add(a, b), 0.5)];
      default:
        return [ops.concat([a, b], -1)];
    }
  }
}

/**
 * A recurrent layer that goes both ways.
 *
 * @param layer - The recurrent layer, such as `layers.lstm(32)`.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function bidirectional(
  layer: GivesOne<Layer, RecurrentInputs>,
  options?: BidirectionalOptions & { readonly mergeMode?: MergeMode | undefined },
): GivesOne<Bidirectional, RecurrentInputs>;
export function bidirectional(
  layer: GivesSeveral<Layer, RecurrentInputs, OutputAndStates>,
  options?: BidirectionalOptions & { readonly mergeMode?: MergeMode | undefined },
): GivesSeveral<Bidirectional, RecurrentInputs, OutputAndStates>;
export function bidirectional(layer: Layer, options?: BidirectionalOptions): Bidirectional;
export function bidirectional(config: BidirectionalConfig): Bidirectional;
export function bidirectional(...given: unknown[]): Bidirectional {
  return new Bidirectional(...(given as Given));
}
