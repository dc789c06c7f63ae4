/** Dense, embedding, masking, activations, functions, and inputs of models. */
export * from './activation.js';
export * from './dense.js';
export * from './einsum-dense.js';
export * from './embedding.js';
export * from './identity.js';
export * from './input.js';
export * from './lambda.js';
export * from './masking.js';
export * from './reversible-embedding.js';
