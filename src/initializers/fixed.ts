/**
 * Initial values that nothing is drawn for: constants and the identity.
 */
import { type NoOptions, number, positional, type Table } from '../core/options.js';
import { defineInitializer, type Initializer, type InitializerFactory } from './initializer.js';

/** Options of {@link constant}. */
export interface ConstantOptions {
  /** The value. Default 0. */
  readonly value?: number | undefined;
}

const CONSTANT: Table<ConstantOptions> = { value: positional(number(0)) };

/** All zeros. It has no options. */
export const zeros: InitializerFactory<NoOptions> = defineInitializer('zeros', {}, 'constant', () => ({
  value: 0,
}));

/** All ones. It has no options. */
export const ones: InitializerFactory<NoOptions> = defineInitializer('ones', {}, 'constant', () => ({
  value: 1,
}));

/**
 * All `value`. Default 0.
 * @throws {RidgelineError} `ERR_ARGUMENT` unless it is a finite number.
 */
export const constant: (of?: number | ConstantOptions) => Initializer = defineInitializer<
  ConstantOptions,
  [of?: number | ConstantOptions]
>('constant', CONSTANT, 'constant');

/** Options of {@link identity}. */
export interface IdentityOptions {
  /** Factor. Default 1. */
  readonly gain?: number | undefined;
}

const IDENTITY: Table<IdentityOptions> = { gain: number(1) };

/**
 * The identity matrix times `gain`, for weights of rank 2.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const identity: InitializerFactory<IdentityOptions> = defineInitializer(
  'identity',
  IDENTITY,
  'identity',
);
