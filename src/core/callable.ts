/**
 * Objects that can be called: the one place where a constructor returns a function.
 *
 * The instance is an arrow function whose prototype is the class's, so fields and `#private` members land on
 * it and `Function.prototype` is not in its chain. Compilers lower `this.#a(x)` and `this.a?.(x)` to
 * `a.call(this, x)`, so every instance has a hidden own `call` and `apply`: a tensor first means a call of the
 * object, anything else has the platform's meaning.
 */
import { isSized } from './operand.js';
import { isTensorLike } from './symbolic.js';

/** True where an argument makes `x.call(argument, …)` a call of `x` itself. */
function isInput(value: unknown): boolean {
  return isSized(value) || (Array.isArray(value) && value.some(isTensorLike));
}

/** See the module documentation. */
export abstract class Callable {
  constructor() {
    const self = ((...args: unknown[]) => self.invoke(args)) as unknown as this &
      ((...args: unknown[]) => unknown);
    Object.setPrototypeOf(self, new.target.prototype);
    const hidden = (value: unknown): PropertyDescriptor => ({ value, configurable: true, writable: true });
    Object.defineProperties(self, {
      call: hidden((first: unknown, ...rest: unknown[]) =>
        self.invoke(isInput(first) ? [first, ...rest] : rest),
      ),
      apply: hidden((first: unknown, args: unknown[] = []) =>
        self.invoke(isInput(first) ? [first, args] : args),
      ),
    });
    // A function's own `name` and `length` would hide those of the class.
    Reflect.deleteProperty(self, 'name');
    Reflect.deleteProperty(self, 'length');
    // biome-ignore lint/correctness/noConstructorReturn: a callable instance is what this class is for.
    return self;
  }

  /** @internal What a call does. */
  abstract invoke(args: unknown[]): unknown;
}
