/** Metrics by name. Options and saved models know each factory that is exported here by the name of its export. */
export * from './accuracy.js';
export * from './aggregation.js';
export * from './auc.js';
export * from './confusion.js';
export * from './f-score.js';
export * from './iou.js';
export * from './of-losses.js';
export * from './regression.js';
export * from './top-k.js';
export * from './under-constraint.js';
