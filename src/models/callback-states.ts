/**
 * What a saved model keeps of callbacks, until those that follow a fit take it up.
 */
import type { CallbackLike } from '../callbacks/callback.js';
import type { CallbackState } from '../callbacks/callback-state.js';
import { isPlain } from '../core/check.js';
import { argumentError } from '../errors.js';

/** States by the kind of their callbacks; equal callbacks have theirs in the order in which they stand. */
export class CallbackStates {
  readonly #restored: Map<string, CallbackState>;

  /** States that a file brought along. */
  constructor(restored: Readonly<Record<string, CallbackState>>) {
    this.#restored = new Map(Object.entries(restored));
  }

  /** The state of the next callback of a kind, once. */
  take(kind: string): CallbackState | undefined {
    // In the order in which they were saved.
    const isOne = (key: string): boolean => key === kind || key.startsWith(`${kind}#`);
    const key = [...this.#restored.keys()].find(isOne) ?? kind;
    const state = this.#restored.get(key);
    this.#restored.delete(key);
    return state;
  }

  /** The states of callbacks, and those that none has taken up yet. */
  all(callbacks: readonly CallbackLike[]): Record<string, CallbackState> {
    const states = new Map<string, CallbackState>();
    for (const callback of callbacks) {
      const given: unknown = callback.getState?.() ?? {};
      if (!isPlain(given) || !Object.values(given).every(isState))
        throw argumentError(
          'what getState() gives',
          '{ values, variables } by kind, of what JSON holds',
          given,
        );
      for (const [kind, state] of Object.entries(given))
        states.set(free(kind, states), state as CallbackState);
    }
    return Object.fromEntries([...this.#restored, ...states]);
  }
}

/** True for values that JSON holds, and variables. */
function isState(of: unknown): boolean {
  if (!isPlain(of) || !isPlain(of.values) || !Array.isArray(of.variables)) return false;
  try {
    return typeof JSON.stringify(of.values) === 'string';
  } catch {
    return false;
  }
}

/** The first of `kind`, `kind#1`, `kind#2`, … that is not taken. */
function free(kind: string, taken: ReadonlyMap<string, unknown>): string {
  let key = kind;
  for (let i = 1; taken.has(key); i++) key = `${kind}#${i}`;
  return key;
}
