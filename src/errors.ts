/**
 * Errors: one class, discriminated by a stable `code`, with the layer or argument it is about.
 */
import { show } from './core/show.js';

export { show };
/** Stable classes of failure. */
export type ErrorCode =
  | 'ERR_SHAPE'
  | 'ERR_DTYPE'
  | 'ERR_ARGUMENT'
  | 'ERR_NOT_COMPILED'
  | 'ERR_BUSY'
  | 'ERR_DISPOSED'
  | 'ERR_NON_FINITE'
  | 'ERR_EXPORT'
  | 'ERR_IO'
  | 'ERR_MEMORY'
  | 'ERR_NATIVE';

/** What an error is about, as far as it is known. */
export interface ErrorDetails {
  /** Path of the layer. */
  readonly layer?: string | undefined;
  /** Name of the argument. */
  readonly argument?: string | undefined;
  /** What was expected. */
  readonly expected?: string | undefined;
  /** What came. */
  readonly received?: unknown | undefined;
}

const BRAND = Symbol.for('ridgeline.error');

/**
 * Everything this package throws.
 *
 * @example
 * ```ts
 * try {
 *   layers.dropout(1.5);
 * } catch (error) {
 *   if (isRidgelineError(error)) console.log(error.code, error.details.argument); // ERR_ARGUMENT rate
 * }
 * ```
 */
export class RidgelineError extends Error {
  override readonly name = 'RidgelineError';
  /** Stable class of failure. */
  readonly code: ErrorCode;
  /** What it is about. */
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(typeof message === 'string' ? message : show(message), options);
    this.code = code;
    this.details = details;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** @internal A native error, whose message is JSON. */
  static fromNative(error: unknown): unknown {
    if (!(error instanceof Error) || error instanceof RidgelineError || !('code' in error)) return error;
    const code = error.code as ErrorCode;
    if (!error.message.startsWith('{')) return new RidgelineError('ERR_ARGUMENT', error.message);
    const { message, layer } = JSON.parse(error.message) as { message: string; layer: string | null };
    return RidgelineError.inLayer(code, message, layer);
  }

  /** @internal An error found in a layer. */
  static inLayer(code: ErrorCode, message: string, layer: string | null | undefined): RidgelineError {
    return layer
      ? new RidgelineError(code, `layer '${layer}': ${message}`, { layer })
      : new RidgelineError(code, message);
  }
}

/** True for errors of this package, also of another copy of it. */
export function isRidgelineError(error: unknown): error is RidgelineError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** The error as one of the layer at path `layer`, unless it is of one already or of another kind. */
export function inLayer(error: unknown, layer: string): unknown {
  if (!(error instanceof RidgelineError) || error.details.layer !== undefined) return error;
  const details = { ...error.details, layer };
  return new RidgelineError(error.code, `layer '${layer}': ${error.message}`, details, { cause: error });
}

/** An argument outside its domain. */
export function argumentError(argument: string, expected: string, received: unknown): RidgelineError {
  return new RidgelineError('ERR_ARGUMENT', `${argument} must be ${expected}, received ${show(received)}`, {
    argument,
    expected,
    received,
  });
}

/** Data or labels of another shape than the model's. */
export function shapeError(argument: string, expected: string, received: string): RidgelineError {
  return new RidgelineError('ERR_SHAPE', `${argument} must have shape ${expected}, received ${received}`, {
    argument,
    expected,
    received,
  });
}

/** Says in what an error of `work` came up. */
export function within<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RidgelineError)) throw error;
    const message = `${what.trim()}: ${error.message}`;
    throw new RidgelineError(error.code, message, error.details, { cause: error });
  }
}
