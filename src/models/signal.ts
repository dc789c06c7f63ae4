/**
 * Signals that end what is under way.
 */
import { argumentError } from '../errors.js';

/** The part of the platform's `AbortSignal` that is used. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for anything else. */
export function checkSignal(signal: Signal | undefined): Signal | undefined {
  const isSignal =
    typeof signal?.addEventListener === 'function' && typeof signal.removeEventListener === 'function';
  if (signal === undefined || isSignal) return signal;
  throw argumentError('signal', 'an AbortSignal', signal);
}
