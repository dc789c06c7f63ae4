/** Optimizers by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './adadelta.js';
export * from './adafactor.js';
export * from './adagrad.js';
export * from './adam.js';
export * from './adamax.js';
export * from './ftrl.js';
export * from './lamb.js';
export * from './lion.js';
export * from './muon.js';
export * from './nadam.js';
export * from './rmsprop.js';
export * from './schedule-free-adamw.js';
export * from './sgd.js';
