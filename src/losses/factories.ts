/** Losses by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './binary-crossentropy.js';
export * from './categorical-crossentropy.js';
export * from './circle.js';
export * from './difference.js';
export * from './focal.js';
export * from './hinge.js';
export * from './overlap.js';
export * from './similarity.js';
