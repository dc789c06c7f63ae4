/**
 * Things of one's own in saved models: functions, classes and objects that a file knows by name, and that who loads it
 * passes.
 */
import { RidgelineError } from '../errors.js';

/** Things of one's own that saved models name. */
export type CustomObjects = Readonly<Record<string, unknown>>;

let custom: CustomObjects = {};
let isLoading = false;

/** True while something is made from a file. */
export const loads = (): boolean => isLoading;

/** What was passed by that name, if anything was. */
export const customObject = (name: string): unknown =>
  Object.hasOwn(custom, name) ? custom[name] : undefined;

/**
 * Runs `work`, which makes something from a file: in it all registries also know `objects`, classes, functions or
 * ready-made things by name.
 */
export function withCustom<T>(objects: CustomObjects, work: () => T): T {
  const outer = [custom, isLoading] as const;
  custom = { ...custom, ...objects };
  isLoading = true;
  try {
    return work();
  } finally {
    [custom, isLoading] = outer;
  }
}

/** A model that names something that nobody passed. */
export function missing(noun: string, name: string): RidgelineError {
  return new RidgelineError(
    'ERR_ARGUMENT',
    `the model has the ${noun} '${name}'; pass it: loadModel(path, { custom: { ${name} } })`,
    { argument: 'custom', received: name },
  );
}

/** Levels and objects of a config that is written. */
const [DEEPEST, MOST] = [64, 2 ** 17];

/** A function of one's own as it stands in a saved config. */
interface CustomReference {
  readonly $custom: string;
}

/**
 * A config in which functions stand by their names.
 *
 * @param functions - Gets the functions, by name.
 * @param isTaken - True for names that stand for something of this package.
 * @param describe - What is written in the place of a value, if something else is.
 * @throws What `refuse` gives for an option that cannot be written so, and why.
 */
export function withReferences(
  config: unknown,
  functions: Record<string, unknown>,
  isTaken: (name: string) => boolean,
  refuse: (key: string, fault: string) => Error,
  describe: (value: unknown) => object | undefined = () => undefined,
): unknown {
  let count = 0;
  const walk = (value: unknown, key: string, around: readonly unknown[]): unknown => {
    const other = describe(value);
    if (other) return walk(other, key, [...around, value]);
    if (typeof value === 'function') {
      const { name } = value;
      if (name === '') throw refuse(key, 'is a function without a name');
      if (isTaken(name)) throw refuse(key, `is called '${name}' as something of this package is`);
      if (Object.hasOwn(functions, name) && functions[name] !== value)
        throw refuse(key, `is one of two functions called '${name}'`);
      functions[name] = value;
      return { $custom: name } satisfies CustomReference;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (around.includes(value)) throw refuse(key, 'holds itself');
    if (around.length > DEEPEST || ++count > MOST) throw refuse(key, 'is too large');
    const within = [...around, value];
    if (Array.isArray(value)) return value.map((one) => walk(one, key, within));
    if ('toJSON' in value && typeof value.toJSON === 'function') return walk(value.toJSON(), key, within);
    return Object.fromEntries(Object.entries(value).map(([inner, v]) => [inner, walk(v, inner, within)]));
  };
  return walk(config, 'config', []);
}

/**
 * The config, with functions in the places of their names, and in those of objects what `restore` makes of them, if
 * anything.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a function that nobody passed.
 */
export function resolveReferences(
  config: unknown,
  restore: (saved: object) => unknown = () => undefined,
): unknown {
  if (typeof config !== 'object' || config === null) return config;
  const resolve = (value: unknown): unknown => resolveReferences(value, restore);
  if (Array.isArray(config)) return config.map(resolve);
  const made = restore(config);
  if (made !== undefined) return made;
  const { $custom: name } = config as Partial<CustomReference>;
  if (typeof name !== 'string')
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, resolve(value)]));
  if (!Object.hasOwn(custom, name)) throw missing('function', name);
  return custom[name];
}
