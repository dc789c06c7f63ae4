/** Initializers by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './fixed.js';
export * from './orthogonal.js';
export * from './random.js';
export * from './variance-scaling.js';
