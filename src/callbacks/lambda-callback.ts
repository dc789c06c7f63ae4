/**
 * A callback of functions, by Keras' name.
 */
import { options as checkOptions } from '../core/check.js';
import { type CallbackLike, HOOKS } from './callback.js';

/**
 * The functions as a callback; an object of them is one by itself.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a name that no hook has.
 */
export const lambdaCallback = (hooks: CallbackLike): CallbackLike => ({
  ...checkOptions('lambdaCallback', hooks, HOOKS),
});
