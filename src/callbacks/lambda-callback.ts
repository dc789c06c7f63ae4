/**
 * A callback of functions, by Keras' name.
 */
import type { CallbackLike } from './callback.js';

/** The functions as a callback; an object of them is one by itself. */
export const lambdaCallback = (hooks: CallbackLike): CallbackLike => ({ ...hooks });
