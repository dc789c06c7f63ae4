/**
 * Layers: factories in camelCase, classes in PascalCase.
 */
export * from './activation.js';
export * from './batch-normalization.js';
export * from './dense.js';
export * from './dropout.js';
export * from './input.js';
export { type CallOptions, Layer, type LayerOptions, type WeightOptions } from './layer.js';
export * from './layer-normalization.js';
export * from './merging.js';
export * from './prelu.js';
export * from './preprocessing.js';
export * from './reshaping.js';
