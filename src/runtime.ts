/**
 * What the native core runs on.
 */
import { guard, native } from './native.js';

/** See {@link runtime}. */
export interface RuntimeInfo {
  /** Version of the native core. */
  readonly version: string;
  /** Instruction set in use; `RIDGELINE_ISA` forces a lower one. */
  readonly isa: string;
  /** Instruction sets of this CPU, the widest first. */
  readonly available: readonly string[];
  /** Threads a run uses by default; `RIDGELINE_THREADS` sets it. */
  readonly threads: number;
}

/**
 * What the native core runs on: instruction set and threads.
 * @throws {RidgelineError} `ERR_ARGUMENT` when `RIDGELINE_ISA` or `RIDGELINE_THREADS` is wrong.
 */
export function runtime(): RuntimeInfo {
  return guard(() => native.runtime());
}
