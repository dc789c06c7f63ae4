/**
 * Tables of Apache Arrow as columns. Only their own methods are used, so that any version of `apache-arrow` serves.
 */
import { argumentError } from '../errors.js';
import { type Column, Frame } from './frame.js';

/** What of a table of Apache Arrow is needed. */
export interface ArrowTable {
  readonly numRows: number;
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  getChild(name: string): Iterable<unknown> | null;
}

function isTable(table: unknown): table is ArrowTable {
  const of = table as Partial<ArrowTable> | null | undefined;
  return typeof of?.getChild === 'function' && Array.isArray(of.schema?.fields);
}

/** The values of a column. */
function valuesOf(column: Iterable<unknown> | null, name: string): unknown[] {
  if (typeof column !== 'object' || column === null || !(Symbol.iterator in column))
    throw argumentError(`column '${name}' of table`, 'one of apache-arrow', column);
  // Of memory that was given away there are none.
  return ArrayBuffer.isView(column) ? Array.prototype.slice.call(column) : [...column];
}

/**
 * The columns of a table of Apache Arrow: those of numbers and booleans as numbers, all others as categories; null is
 * missing.
 *
 * @example
 * ```ts
 * const table = fromArrow(tableFromArrays({ size: [1, 2, 3], kind: ['a', 'b', 'a'] }));
 * const x = table.numbers(['size']);
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything else.
 */
export function fromArrow(table: ArrowTable): Frame {
  if (!isTable(table)) throw argumentError('table', 'a table of apache-arrow', table);
  const columns = table.schema.fields.map(({ name }): [string, Column] => {
    const values = valuesOf(table.getChild(name), name);
    const known = values.filter((value) => value !== null && value !== undefined);
    const isNumber = (value: unknown): boolean => ['number', 'bigint', 'boolean'].includes(typeof value);
    if (known.length > 0 && known.every(isNumber))
      return [
        name,
        { type: 'number', values: Float64Array.from(values, (value) => Number(value ?? Number.NaN)) },
      ];
    const texts = values.map((value) => (value === null || value === undefined ? undefined : String(value)));
    return [name, { type: 'category', values: texts }];
  });
  return new Frame(new Map(columns));
}
