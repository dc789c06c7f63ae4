/** Penalties on weights and activities. */
export { l1, l1L2, l2, type Regularizer, type RegularizerIdentifier } from './regularizer.js';
