/** Attention, with heads and without, and positions. */
export * from './additive-attention.js';
export * from './attention.js';
export type { AttentionCallOptions } from './call-options.js';
export * from './group-query-attention.js';
export type { HeadAttention, HeadAttentionOptions } from './head-attention.js';
export * from './multi-head-attention.js';
export type { PositionCallOptions } from './places.js';
export * from './rotary-embedding.js';
export type { ScoreAttention } from './score-attention.js';
export * from './sine-position-encoding.js';
