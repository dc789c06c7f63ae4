/**
 * Names of layers.
 */
import * as check from '../core/check.js';
import { type Option, option } from '../core/options.js';
import { freshName, type UniqueNames } from '../core/unique-names.js';
import { argumentError } from '../errors.js';

/** The option `name`. It stands in paths such as `block/dense/kernel`. */
export const layerName: Option<string | undefined, false> = option((argument, given): string => {
  if (typeof given === 'string' && /^[^/\s][^/]*$/.test(given) && check.isWellFormed(given)) return given;
  throw argumentError(argument, "a non-empty string without '/'", given);
}, null);

/** The name of a class's factory: `dense`, `leakyRelu`, `conv2d`. */
export function factoryName(className: string): string {
  const words = className.replace(
    /P?ReLU|[A-Z]{2,}(?![a-z])|\dD/g,
    (word) => `${word[0]}${word.slice(1).toLowerCase()}`,
  );
  return `${words[0]?.toLowerCase()}${words.slice(1)}`;
}

/**
 * A name for a layer among others: its own where it was given one or has it elsewhere and it is free here. One that has its
 * name elsewhere gets none else that is in use anywhere.
 */
export function nameAmong(
  {
    name,
    isNamed,
    isPlaced,
  }: { readonly name: string; readonly isNamed: boolean; readonly isPlaced: boolean },
  names: UniqueNames,
): string {
  if (isNamed) return names.take(name);
  const base = name.replace(/_\d+$/, '');
  if (!isPlaced) return names.take(base);
  return names.takeAsIs(name) ? name : names.take(freshName(base));
}
