/**
 * What saving and loading agree on: the form of the file.
 */
import type { OpProgram } from '../core/op-program.js';
import { RidgelineError } from '../errors.js';
import type { Numbered, SharedLayer } from '../layers/shared-layers.js';
import type { ClassLabels } from './class-labels.js';

/** Version of the file's JSON. */
export const FORMAT = 1;

/** A plain value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };

/** A layer, or a model among layers. */
export interface SavedLayer {
  readonly className: string;
  readonly config: Json;
  /** False if its name is one that it got among others. */
  readonly named?: false | undefined;
  readonly model?: SavedModel;
}

/** A call of a layer: which one, its arguments with references, the training flag and other options. */
export interface SavedCall {
  readonly layer: number;
  readonly args: Json[];
  readonly training?: boolean;
  readonly options?: Record<string, Json>;
}

/** A call of ops outside layers: what it is called, what it computes, and of what. */
export interface SavedOp {
  readonly label: string;
  readonly program: OpProgram;
  readonly args: Json[];
}

/** A model's architecture. */
export interface SavedModel {
  readonly className: string;
  readonly name: string;
  /** False if that is one that it got among others. */
  readonly named?: false | undefined;
  readonly trainable: boolean;
  readonly inputs: {
    readonly name: string | undefined;
    readonly shape: (number | null)[];
    readonly dtype: string;
  }[];
  readonly layers: (Numbered<SavedLayer> | SharedLayer)[];
  readonly calls: (SavedCall | SavedOp)[];
  readonly outputs: Json[];
  /** Steps before the model, by what makes them again. */
  readonly preprocessing: { readonly [name: string]: Json };
  /** Names of classes, if there are some. */
  readonly classLabels?: ClassLabels | undefined;
}

/** The error of what no file could bring back. */
export function refuse(what: string): RidgelineError {
  return new RidgelineError('ERR_ARGUMENT', `cannot save: ${what}`, { argument: 'model' });
}

/** Numbers that JSON has no form for, as text: infinities, NaN and −0. */
export const numberText = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? { $number: Object.is(value, -0) ? '-0' : String(value) }
    : value;
