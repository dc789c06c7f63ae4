/**
 * The native core's ops that the facade emits: what each is told besides its inputs, and what it gives. The Rust side
 * of the same table are the `ENTRIES` of the engine's `ops/`.
 */
import type { SymbolicTensor } from './symbolic.js';
import type { DType } from './tensor.js';

type None = Record<never, never>;
/** `null` for all axes. */
type Reduction = { readonly axes: readonly number[] | null; readonly keepdims: boolean };
/** `empty` is the largest of no elements, which has none unless it is given. */
type Choice = Reduction & { readonly empty?: number };
/** In a list of sizes: the input's dimension at that place. */
export const KEEP = -2;

/** Sizes; {@link KEEP} keeps the input's dimension at that place, −1 takes what is left. */
type Sizes = { readonly shape: readonly number[] };
type Axis = { readonly axis: number };
/** Normalization of the last axis; with `scale` γ is an input, with `center` β. */
type Normalization = { readonly epsilon: number; readonly scale: boolean; readonly center: boolean };
/** Numbers of a numbered random stream. */
type Random = { readonly stream: number } & Sizes;
/** A share of zeroed elements, drawn from a numbered random stream. */
type Dropout = { readonly rate: number; readonly stream: number };

/** A walk through time; what is said to be there is an input behind x and the kernels, in this order. */
export type Recurrence = {
  readonly activation: string;
  readonly recurrentActivation: string;
  /** From the last step to the first. */
  readonly reverse: boolean;
  /** Outputs stand where their inputs do. */
  readonly aligned: boolean;
  readonly biased: boolean;
  /** States to begin with. */
  readonly stated: boolean;
  /** Which steps count. */
  readonly masked: boolean;
  /** Factors of the inputs of each gate. */
  readonly inputDropped: boolean;
  /** Factors of the state. */
  readonly dropped: boolean;
};

/** Attributes by op. */
export interface Attributes {
  readonly add: None;
  readonly sub: None;
  readonly mul: None;
  readonly div: None;
  readonly pow: None;
  readonly maximum: None;
  readonly minimum: None;

  readonly neg: None;
  readonly abs: None;
  readonly sign: None;
  readonly sqrt: None;
  readonly rsqrt: None;
  readonly square: None;
  readonly reciprocal: None;
  readonly exp: None;
  readonly expm1: None;
  readonly log: None;
  readonly log1p: None;
  readonly erf: None;
  readonly floor: None;
  readonly sin: None;
  readonly cos: None;
  readonly stopGradient: None;
  readonly relu: None;
  readonly sigmoid: None;
  readonly tanh: None;
  readonly softplus: None;

  readonly less: None;
  readonly lessEqual: None;
  readonly greater: None;
  readonly greaterEqual: None;
  readonly equal: None;
  readonly notEqual: None;
  readonly logicalAnd: None;
  readonly logicalOr: None;
  readonly logicalNot: None;
  readonly where: None;
  readonly cast: { readonly dtype: DType };

  readonly sum: Reduction;
  readonly mean: Reduction;
  readonly max: Choice;
  readonly min: Reduction;
  readonly argMax: Axis;
  readonly cumsum: None;
  readonly topK: { readonly k: number | null; readonly largest: boolean };
  readonly takeAlong: None;

  readonly reshape: Sizes;
  readonly reshapeLike: None;
  /** Sizes are products of so many dimensions, each said by an input and an axis. */
  readonly reshapeBy: { readonly from: readonly number[]; readonly counts: readonly number[] };
  readonly expandDims: Axis;
  readonly positions: Axis;
  readonly squeeze: Axis;
  readonly mergeTime: None;
  readonly splitTime: None;
  readonly broadcastTo: Sizes;
  readonly broadcastLike: None;
  readonly transpose: { readonly order: readonly number[] };
  readonly concat: Axis;
  /** Places counted from the end if negative; `null` for the end itself. */
  readonly slice: Axis & { readonly start: number; readonly end: number | null };
  readonly gather: Axis & { readonly strict: boolean };
  readonly flip: Axis;
  readonly scatterAdd: Sizes;

  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  readonly linear: None;
  readonly attention: {
    readonly heads: number;
    readonly scale: number;
    /** A query sees no later key. */
    readonly causal: boolean;
    /** Numbers > 0 where a query sees a key are an input. */
    readonly masked: boolean;
  } & Dropout;
  readonly lstm: Recurrence;
  readonly gru: Recurrence & { readonly resetAfter: boolean };
  readonly simpleRnn: Recurrence;
  readonly softmax: None;
  readonly logSoftmax: None;
  readonly dropout: Dropout;
  readonly dropoutMask: Dropout & Sizes;
  readonly normal: Random;
  readonly uniform: Random;
  readonly batchNorm: Normalization;
  readonly batchNormInference: Axis & { readonly epsilon: number };
  readonly layerNorm: Normalization;
  readonly softmaxCrossEntropy: { readonly sparse: boolean; readonly smoothing: number };
  readonly sigmoidCrossEntropy: None;
}

/** Results of the ops that give more than one; those for the gradient alone, such as masks, stand last. */
interface Several {
  readonly dropout: [y: SymbolicTensor, mask: SymbolicTensor];
  readonly batchNorm: [
    y: SymbolicTensor,
    mean: SymbolicTensor,
    variance: SymbolicTensor,
    inverseDeviation: SymbolicTensor,
    mask: SymbolicTensor,
  ];
  readonly layerNorm: [y: SymbolicTensor, mean: SymbolicTensor, inverseDeviation: SymbolicTensor];
  readonly lstm: [sequence: SymbolicTensor, h: SymbolicTensor, c: SymbolicTensor];
  readonly gru: [sequence: SymbolicTensor, h: SymbolicTensor];
  readonly simpleRnn: [sequence: SymbolicTensor, h: SymbolicTensor];
  readonly attention: [y: SymbolicTensor, logarithms: SymbolicTensor];
  readonly softmaxCrossEntropy: [loss: SymbolicTensor, probabilities: SymbolicTensor];
}

/** Name of an op. */
export type Primitive = keyof Attributes;

/** Attributes of op `N` as arguments: none where it has none. */
export type AttributesOf<N extends Primitive> = None extends Attributes[N] ? [] : [attributes: Attributes[N]];

/** What op `N` gives. */
export type ResultsOf<N extends Primitive> = N extends keyof Several ? Several[N] : [SymbolicTensor];
