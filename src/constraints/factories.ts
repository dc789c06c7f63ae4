/** Constraints by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './max-norm.js';
export * from './min-max-norm.js';
export * from './non-neg.js';
export * from './unit-norm.js';
