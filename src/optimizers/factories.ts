/** Optimizers by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './adam.js';
export * from './rmsprop.js';
export * from './sgd.js';
