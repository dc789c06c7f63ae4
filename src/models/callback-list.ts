/**
 * Lists of callbacks, as verbs take them.
 */
import { type CallbackLike, HOOKS } from '../callbacks/callback.js';
import { isPlain, unknownName } from '../core/check.js';
import { argumentError } from '../errors.js';

/** How much a verb shows of its progress: nothing, a bar, lines, or what suits where it goes. */
export type Verbose = 0 | 1 | 2 | 'auto';

const isHook = (key: string): boolean => (HOOKS as readonly string[]).includes(key);

/**
 * The callbacks that were given, and what shows the progress that `verbose` asks for.
 * @param shown - Makes what shows it, in lines or as a bar.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything else, and hooks that nobody calls.
 */
export function callbackList(
  { callbacks = [], verbose = 'auto' }: { readonly callbacks?: unknown; readonly verbose?: unknown },
  shown: (style: 'bar' | 'line') => CallbackLike,
): CallbackLike[] {
  if (!Array.isArray(callbacks)) throw argumentError('callbacks', 'a list', callbacks);
  // Holes are nothing to `forEach`.
  Array.from(callbacks).forEach(check);
  if (![0, 1, 2, 'auto'].includes(verbose as Verbose))
    throw argumentError('verbose', "0, 1, 2 or 'auto'", verbose);
  if (verbose === 2) return [...callbacks, shown('line')];
  const hasBar = verbose === 1 || (verbose === 'auto' && process.stderr.isTTY);
  return hasBar ? [...callbacks, shown(process.stderr.isTTY ? 'bar' : 'line')] : [...callbacks];
}

function check(callback: unknown, i: number): void {
  if (typeof callback !== 'object' || callback === null)
    throw argumentError(`callbacks[${i}]`, 'an object of functions', callback);
  if (isPlain(callback)) {
    const hooks = Object.entries(callback).filter(
      ([key, of]) => /^on[A-Z_]/.test(key) && typeof of === 'function',
    );
    const unknown = hooks.map(([key]) => key).find((key) => !isHook(key));
    if (unknown !== undefined) throw unknownName(`callbacks[${i}]`, HOOKS, unknown);
  }
  for (const hook of HOOKS) {
    const of: unknown = (callback as CallbackLike)[hook];
    if (of !== undefined && typeof of !== 'function')
      throw argumentError(`${hook} of callbacks[${i}]`, 'a function', of);
  }
}
