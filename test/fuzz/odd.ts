/**
 * Values that no short expression makes, for cases to pass where they do not belong.
 */
import { createContext, runInContext } from 'node:vm';

/** The error that everything of the users' own throws here: it may come out of any call as it is. */
export const mine: Error = new Error('thrown on purpose');

const realm = createContext({});

const fail = (): never => {
  throw mine;
};

/** A list that contains itself. */
export function circularArray(): unknown[] {
  const list: unknown[] = [1];
  list.push(list);
  return list;
}

/** A list whose first element it is. */
export function circularFirst(): unknown[] {
  const list: unknown[] = [];
  list.push(list, list);
  return list;
}

/** An object with itself under `key`. */
export function circularObject(key = 'self'): object {
  const object: Record<string, unknown> = {};
  object[key] = object;
  return object;
}

/** A list that is small in memory and without end to those who walk through it. */
export function shared(): unknown[] {
  let list: unknown[] = [1];
  for (let i = 0; i < 20; i++) list = [list, list, list, list];
  return list;
}

/** Lists in each other. */
export function deepArray(depth = 20_000): unknown {
  let list: unknown = [1];
  for (let i = 0; i < depth; i++) list = [list];
  return list;
}

/** Objects in each other. */
export function deepObject(depth = 20_000, key = 'name'): unknown {
  let object: unknown = {};
  for (let i = 0; i < depth; i++) object = { [key]: object };
  return object;
}

/** An object whose properties `keys` throw when they are read. */
export function throwing(...keys: string[]): object {
  const object = {};
  for (const key of keys) Object.defineProperty(object, key, { get: fail, enumerable: true });
  return object;
}

/** A list whose elements throw when they are read. */
export function throwingArray(): unknown[] {
  return Object.defineProperty([1, 2], 1, { get: fail, enumerable: true });
}

/** An object of which everything throws. */
export function throwingProxy(target: object = {}): object {
  const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'set'];
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, fail])));
}

/** An object that cannot become text or a number. */
export function noPrimitive(): object {
  return { toString: null, valueOf: null };
}

/** An object that throws when it becomes text or a number. */
export function throwingPrimitive(): object {
  return { [Symbol.toPrimitive]: fail };
}

/** A promise that rejects. */
export function rejected(): Promise<never> {
  const promise = Promise.reject(mine);
  promise.catch(() => {});
  return promise;
}

/** A value with a `then`. */
export function thenable(value: unknown = 1): object {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is for.
  return { then: (settle: (of: unknown) => void) => settle(value) };
}

/** A generator. */
export function* generator(): Generator<number> {
  yield 1;
  yield 2;
}

/** A typed array whose memory was given away. */
export function detached<T extends ArrayBufferView>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

/** A typed array whose memory shrank from under it, or grew with it. */
export function resized(from: number, to: number): Float32Array {
  type Resizable = new (length: number, options: object) => ArrayBuffer & { resize(to: number): void };
  const buffer = new (ArrayBuffer as unknown as Resizable)(from, { maxByteLength: 64 });
  const array = new Float32Array(buffer, 8);
  buffer.resize(to);
  return array;
}

/** A typed array without a class that one could ask for its name. */
export function classless<T extends ArrayBufferView>(array: T): T {
  return Object.setPrototypeOf(array, null);
}

/** What an expression is in another realm. */
export function elsewhere(code: string): unknown {
  return runInContext(`(${code})`, realm);
}
