/**
 * Layers: factories in camelCase, classes in PascalCase.
 */
export * from './activation/index.js';
export * from './attention/index.js';
export * from './core/index.js';
export { type CallOptions, Layer, type LayerOptions, type WeightOptions } from './layer.js';
export * from './merging/index.js';
export * from './normalization/index.js';
export * from './pooling/index.js';
export * from './preprocessing/index.js';
export * from './recurrent/index.js';
export * from './regularization/index.js';
export * from './reshaping/index.js';
