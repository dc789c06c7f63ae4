/** Metrics by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './accuracy.js';
export * from './difference.js';
