/**
 * Muon (Jordan et al. 2024): matrices move by their momentum with all singular values brought near 1, which a few
 * Newton-Schulz steps `X ← a·X + (b·A + c·A²)·X`, `A = X·Xᵀ`, do; all other weights, and embeddings, by AdamW.
 *
 * A step of an n × m matrix is scaled by `√max(n, m)·rmsRate` (Liu et al. 2025), so that one learning rate serves both.
 */
import {
  boolean,
  fraction,
  integer,
  nonNegative,
  nullable,
  number,
  rate,
  type Table,
} from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Weight } from '../core/weight.js';
import * as ops from '../ops/index.js';
import { follow, share } from './moments.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';
import type { StateShapes, UpdateArguments, Updated } from './own-update.js';
import { excluded, isExcluded, type WeightPattern } from './weight-decay.js';

/** Options of {@link muon}. */
export interface MuonOptions extends OptimizerOptions {
  /** Weight decay of the matrices that Muon moves. Default 0.004. */
  readonly weightDecay?: number | null | undefined;
  /** Decay of the first moment of other weights, in [0, 1). Default 0.9. */
  readonly adamBeta1?: number | undefined;
  /** Decay of their second moment, in [0, 1). Default 0.999. */
  readonly adamBeta2?: number | undefined;
  /** Their weight decay. Default 0.004. */
  readonly adamWeightDecay?: number | null | undefined;
  /** Added to the root in their steps. Default 1e-7. */
  readonly epsilon?: number | undefined;
  /** Their learning rate, relative to that of matrices. Default 1. */
  readonly adamLrRatio?: number | undefined;
  /** Weights that AdamW moves though they are matrices: names, paths of layers, patterns of paths. Default none. */
  readonly excludeLayers?: readonly WeightPattern[] | undefined;
  /** AdamW moves what has `embedding` in its path. Default true. */
  readonly excludeEmbeddings?: boolean | undefined;
  /** Factor of X. Default 3.4445. */
  readonly muonA?: number | undefined;
  /** Factor of A·X. Default -4.775. */
  readonly muonB?: number | undefined;
  /** Factor of A²·X. Default 2.0315. */
  readonly muonC?: number | undefined;
  /** Share of the momentum that stays, in [0, 1]. Default 0.95. */
  readonly momentum?: number | undefined;
  /** Newton-Schulz steps. Default 5. */
  readonly nsSteps?: number | undefined;
  /** Looks ahead along the momentum. Default true. */
  readonly nesterov?: boolean | undefined;
  /** Root mean square of an update, relative to the learning rate; `null` leaves its size. Default 0.2. */
  readonly rmsRate?: number | null | undefined;
}

/** Muon. */
export class Muon extends Optimizer<MuonOptions> {
  static override readonly optimizerName: string = 'muon';
  static override readonly options: Table<MuonOptions> = {
    ...common(0.001),
    weightDecay: nullable(nonNegative(0.004)),
    adamBeta1: rate(0.9),
    adamBeta2: rate(0.999),
    adamWeightDecay: nullable(nonNegative(0.004)),
    epsilon: nonNegative(1e-7),
    adamLrRatio: nonNegative(1),
    excludeLayers: excluded,
    excludeEmbeddings: boolean(true),
    muonA: number(3.4445),
    muonB: number(-4.775),
    muonC: number(2.0315),
    momentum: fraction(0.95),
    nsSteps: integer(1, 5),
    nesterov: boolean(true),
    rmsRate: nullable(nonNegative(0.2)),
  };

  /** True for weights that AdamW moves. */
  #isOther(shape: readonly unknown[], path: string): boolean {
    const { excludeEmbeddings, excludeLayers } = this.options;
    if (shape.length !== 2 || (excludeEmbeddings && path.toLowerCase().includes('embedding'))) return true;
    return isExcluded(excludeLayers, { name: path.slice(path.lastIndexOf('/') + 1), path });
  }

  override decayOf(weight: Weight): number {
    const { excludeFromWeightDecay, adamWeightDecay } = this.options;
    if (!this.#isOther(weight.shape, weight.path)) return super.decayOf(weight);
    return isExcluded(excludeFromWeightDecay, weight) ? 0 : (adamWeightDecay ?? 0);
  }

  override state(shape: readonly number[], path: string): StateShapes {
    return this.#isOther(shape, path) ? { momentum: shape, velocity: shape } : { momentum: shape };
  }

  override update(of: UpdateArguments): Updated {
    const { weight, gradient, state, learningRate } = of;
    if (state.velocity) return this.#adam(of, state.velocity);
    const { momentum: stays, nesterov, rmsRate } = this.options;
    const momentum = ops.add(ops.mul(state.momentum as SymbolicTensor, stays), gradient);
    const ahead = nesterov ? ops.add(gradient, ops.mul(momentum, stays)) : momentum;
    const [rows = 1, cols = 1] = weight.shape as readonly number[];
    const scale = rmsRate === undefined ? 1 : Math.sqrt(Math.max(rows, cols)) * rmsRate;
    const length = ops.mul(learningRate, scale);
    return {
      weight: ops.sub(weight, ops.mul(length, this.#orthogonalized(ahead, rows > cols))),
      state: { momentum },
    };
  }

  /** The matrix with singular values near 1; `isTall` if it has more rows than columns. */
  #orthogonalized(of: SymbolicTensor, isTall: boolean): SymbolicTensor {
    const { muonA, muonB, muonC, nsSteps } = this.options;
    const wide = isTall ? ops.transpose(of) : of;
    let x = ops.div(wide, ops.add(ops.norm(wide), 1e-7));
    for (let i = 0; i < nsSteps; i++) {
      const a = ops.matmul(x, ops.transpose(x));
      const b = ops.add(ops.mul(a, muonB), ops.mul(ops.matmul(a, a), muonC));
      x = ops.add(ops.mul(x, muonA), ops.matmul(b, x));
    }
    return isTall ? ops.transpose(x) : x;
  }

  #adam({ weight, gradient, state, learningRate, step }: UpdateArguments, second: SymbolicTensor): Updated {
    const { adamBeta1, adamBeta2, epsilon, adamLrRatio } = this.options;
    const momentum = follow(state.momentum as SymbolicTensor, gradient, adamBeta1);
    const velocity = follow(second, ops.square(gradient), adamBeta2);
    const correction = ops.div(ops.sqrt(share(adamBeta2, step)), share(adamBeta1, step));
    const length = ops.mul(ops.mul(learningRate, adamLrRatio), correction);
    const update = ops.div(ops.mul(momentum, length), ops.add(ops.sqrt(velocity), epsilon));
    return { weight: ops.sub(weight, update), state: { momentum, velocity } };
  }
}

/**
 * Muon (Jordan et al. 2024) for matrices, AdamW for the rest. Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const muon = (...given: OptimizerArguments<MuonOptions>): Muon => new Muon(...given);
