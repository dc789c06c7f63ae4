/**
 * The bias of an LSTM that remembers at first: ones for the forget gate (Jozefowicz et al. 2015).
 */
import { Concatenated } from '../../initializers/concatenated.js';
import { ones } from '../../initializers/factories.js';
import type { Initializer } from '../../initializers/initializer.js';
import type { WeightOptions } from '../weights.js';

/** How the bias `[4·units]` begins: as it is told, but for the second of the gates. */
export function forgetBias(
  units: number,
  told: Omit<WeightOptions, 'shape'> & { readonly initializer: Initializer },
): WeightOptions {
  const { initializer } = told;
  const parts = [
    [initializer, units],
    [ones(), units],
    [initializer, 2 * units],
  ] as const;
  return { shape: [4 * units], ...told, initializer: new Concatenated(parts) };
}
