/** Schedules by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './cosine-decay.js';
export * from './cosine-decay-restarts.js';
export * from './exponential-decay.js';
export * from './inverse-time-decay.js';
export * from './one-cycle.js';
export * from './piecewise-constant-decay.js';
export * from './polynomial-decay.js';
