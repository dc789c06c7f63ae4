/**
 * Ops: functions on tensors, symbolic or concrete. On concrete tensors they compute at once.
 */
export * from './arithmetic.js';
export * from './comparison.js';
export * from './cond.js';
export * from './creation.js';
export * from './einsum.js';
export * from './gradients.js';
export * from './loops.js';
export * from './matrices.js';
export * from './neural.js';
export * from './ordering.js';
export * from './random.js';
export * from './reduction.js';
export * from './repeating.js';
export * from './rounding.js';
export * from './scattering.js';
export * from './shaping.js';
