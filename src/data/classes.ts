/**
 * Labels as classes: the index of each row's, and the rows of each.
 */
import type { DataOf, DType } from '../core/elements.js';
import type { Tensor } from '../core/tensor.js';

/** Class indices of labels, which may be one-hot rows. */
export const classesOf = (y: Tensor): DataOf[DType] =>
  y.rank > 1 && (y.shape[1] as number) > 1 ? y.argMax(1).data : y.elements;

/** The rows of each class, in the order in which they first come among `rows`. */
export function rowsByClass<T>(rows: Iterable<number>, classOf: (row: number) => T): Map<T, number[]> {
  const classes = new Map<T, number[]>();
  for (const row of rows) {
    const of = classes.get(classOf(row));
    if (of) of.push(row);
    else classes.set(classOf(row), [row]);
  }
  return classes;
}
