/** Regularizers by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './l1-l2.js';
export * from './orthogonal.js';
