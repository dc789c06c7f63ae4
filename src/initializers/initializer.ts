/**
 * What an initializer is: how a weight begins. The numbers are drawn in the native core.
 */
import { integer, type OptionTable, save, settle, type Table } from '../core/options.js';
import { shapeText, type TensorInput, tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { RidgelineError, shapeError } from '../errors.js';
import { type NativeVariable, native } from '../native.js';

/** Numbers that one output is made of and one input goes into, where they do not follow from the shape. */
export type Fans = readonly [fanIn: number, fanOut: number];

/** Draws the initial values of a weight. */
export interface Initializer {
  /** Name and parameters, for saving. */
  getConfig(): Record<string, unknown> & { name: string };
  /** @internal The function that it was made of, if it was. */
  readonly source?: InitializerFunction;
  /** @internal Memory with initial values. */
  create(
    name: string,
    shape: number[],
    stream: { seed: number; stream: number },
    fans?: Fans | undefined,
  ): NativeVariable;
}

/**
 * Initial values of one's own, called once for each weight that they begin with.
 *
 * @returns A tensor, nested lists or a typed array, of as many elements as the weight has.
 */
export type InitializerFunction = (shape: readonly number[]) => TensorInput;

/** A function as an initializer. @throws {RidgelineError} `ERR_SHAPE`, `ERR_NON_FINITE` for what it gives, where a weight is made. */
export function ofFunction(source: InitializerFunction): Initializer {
  return {
    source,
    getConfig: () => ({ name: source.name }),
    create(path, shape) {
      // Its ops compute at once, also where a layer is being traced.
      const values = Trace.aside(() => tensor(source([...shape]) as number[], { dtype: 'float32' }));
      const isFlat = values.shape.length === 1 && values.data.length === shape.reduce((a, b) => a * b, 1);
      if (!isFlat && shapeText(values.shape) !== shapeText(shape))
        throw shapeError(
          `what the initializer of '${path}' gives`,
          shapeText(shape),
          shapeText(values.shape),
        );
      const bad = values.data.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0)
        throw new RidgelineError(
          'ERR_NON_FINITE',
          `the initializer of '${path}' gives ${values.data[bad]} at element ${bad}`,
          { argument: path, received: values.data[bad] },
        );
      return native.NativeVariable.of(path, values.data, shape);
    },
  };
}

/** Makes an initializer from options. @throws {RidgelineError} `ERR_ARGUMENT` for bad ones. */
export type InitializerFactory<C extends object> = (options?: C) => Initializer;

/** A seed of its own. */
export interface SeedOption {
  /** The same seed gives the same values for every weight of one shape. Default: drawn from the global seed. */
  readonly seed?: number | null | undefined;
}

/** The option of {@link SeedOption}. */
export const seeded: Table<SeedOption> = { seed: integer(0, null) };

/**
 * An initializer called `name` with the options of `table`.
 *
 * @param kind - What the native core calls it.
 * @param parametersOf - What the native core is told. Default: the options without the seed.
 */
export function defineInitializer<C extends object, A extends unknown[] = [options?: C]>(
  name: string,
  table: Table<C> & OptionTable,
  kind: string,
  parametersOf: (options: C) => object = (options) => options,
): (...given: A) => Initializer {
  return (...given) => {
    const options = settle<C & SeedOption>(name, table, given);
    const { seed, ...own } = options;
    const parameters = parametersOf(own as C);
    return {
      getConfig: () => ({ name, ...save(table, options) }),
      create(path, shape, stream, fans) {
        const at = typeof seed === 'number' ? { seed, stream: 0 } : stream;
        const told = JSON.stringify(fans ? { ...parameters, fanIn: fans[0], fanOut: fans[1] } : parameters);
        return native.NativeVariable.initialized(path, shape, kind, told, at.seed, at.stream);
      },
    };
  };
}
