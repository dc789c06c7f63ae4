/** Attention, with heads and without. */
export * from './additive-attention.js';
export * from './attention.js';
export type { AttentionCallOptions } from './call-options.js';
export * from './group-query-attention.js';
export type { HeadAttention, HeadAttentionOptions } from './head-attention.js';
export * from './multi-head-attention.js';
export type { ScoreAttention } from './score-attention.js';
