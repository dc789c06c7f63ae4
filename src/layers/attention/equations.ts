/**
 * Equations of attention along any axes: those of the scores, and those of what is taken.
 */

/** Equations of Einstein's summation. */
export interface Equations {
  /** Of keys and queries, both `[batch, …, heads, size]`, to scores `[batch, …, heads, queries…, keys…]`. */
  readonly scores: string;
  /** Of shares and values to `[batch, …, heads, size]`. */
  readonly combine: string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** For tensors of so many axes, heads and size among them, of which `axes` are looked along. */
export function equationsOf(rank: number, axes: readonly number[]): Equations {
  const query = LETTERS.slice(0, rank);
  const others = Array.from({ length: rank - 1 }, (_, i) => i).filter((i) => !axes.includes(i));
  let next = rank;
  const key = [...query]
    .map((letter, i) => (axes.includes(i) ? (LETTERS[next++] as string) : letter))
    .join('');
  const at = (of: string, places: readonly number[]): string => places.map((i) => of[i]).join('');
  const product = at(query, others) + at(query, axes) + at(key, axes);
  return { scores: `${key},${query}->${product}`, combine: `${product},${key}->${query}` };
}
