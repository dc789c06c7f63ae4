/**
 * What of a saved file fills a model: its weights, the slots of its optimizer, the state of callbacks.
 */
import type { CallbackState } from '../callbacks/callback-state.js';
import { isPlain } from '../core/check.js';
import { shapeText } from '../core/tensor.js';
import type { Weight } from '../core/weight.js';
import { guard, type NativeCheckpoint, type NativeVariable, native } from '../native.js';
import type { EpochLogs, History, TrainingState } from './history.js';
import { type Located, located } from './network.js';
import type { OptimizerState } from './optimizer-state.js';
import { isPlace, type Place } from './place.js';

/** Tensors of the file, each with the variable that it is for. */
export type Fills = [name: string, variable: NativeVariable][];

/** What a file's text says of training. */
export interface SavedTraining {
  readonly callbacks: Record<string, { values: Record<string, unknown>; variables: number }>;
  readonly history: History;
  readonly last?: EpochLogs;
  readonly areAveragesIn?: boolean;
  readonly place?: Place;
}

/** Gives what is wrong with a file. */
export type Damage = (what: string) => Error;

/** Collects the tensors of a file for the variables that they fill. */
export class Filling {
  readonly fills: Fills = [];
  readonly #tensors: ReadonlyMap<string, readonly number[]>;
  readonly #damaged: Damage;

  constructor({ names, shapes }: NativeCheckpoint, damaged: Damage) {
    this.#tensors = new Map(names.map((name, i) => [name, shapes[i] as number[]]));
    this.#damaged = damaged;
  }

  #fill(variable: NativeVariable, name: string, shape: readonly number[]): void {
    if (shapeText(this.#tensors.get(name) ?? []) !== shapeText(shape) || !this.#tensors.has(name))
      throw this.#damaged(`tensor '${name}' of shape ${shapeText(shape)} is missing`);
    this.fills.push([name, variable]);
  }

  /** Weights of a model. @throws What `damaged` gives where one has no tensor. */
  weights(model: Located): void {
    located(model).forEach(([weight, path], i) => {
      this.#fill(weight.variable, `${i}:${path}`, weight.shape);
    });
  }

  /** The slots of those weights that have some in the file. @throws As `weights`. */
  slots(weights: readonly Weight[], state: OptimizerState): void {
    for (const [at, weight] of weights.entries()) {
      if (!this.#tensors.has(`optimizer/0/${at}`)) continue;
      state.slots(weight).forEach((slot, k) => {
        this.#fill(slot, `optimizer/${k}/${at}`, slot.shape);
      });
    }
  }

  /** What training goes on with. @throws As `weights`, and where a history is none. */
  training({ callbacks, history, last, areAveragesIn = false, place }: SavedTraining): TrainingState {
    const state = (kind: string, values: Record<string, unknown>, count: number): CallbackState => {
      const variables = Array.from({ length: Math.min(count, this.#tensors.size) }, (_, i) => {
        const name = `callback/${kind}/${i}`;
        const shape = this.#tensors.get(name) ?? [];
        const variable = guard(() => native.NativeVariable.zeros(name, [...shape]));
        this.#fill(variable, name, shape);
        return variable;
      });
      return { values, variables };
    };
    const all = Object.entries(callbacks).map(([kind, { values, variables }]) => [
      kind,
      state(kind, values, variables),
    ]);
    if (!isHistory(history)) throw this.#damaged('its history is none');
    if (last !== undefined && !isEpoch(last)) throw this.#damaged('its last epoch is none');
    if (place !== undefined && !isPlace(place)) throw this.#damaged('its place in an epoch is none');
    return { callbacks: Object.fromEntries(all), history, last, areAveragesIn, place };
  }
}

const isNumber = (x: unknown): boolean => typeof x === 'number';

function isEpoch({ epoch, logs }: EpochLogs): boolean {
  return Number.isSafeInteger(epoch) && isPlain(logs) && Object.values(logs).every(isNumber);
}

function isHistory({ epoch, history }: History): boolean {
  const isList = (of: unknown, fits: (x: unknown) => boolean): boolean => Array.isArray(of) && of.every(fits);
  const isEpochs = isList(epoch, Number.isSafeInteger);
  return isEpochs && isPlain(history) && Object.values(history).every((of) => isList(of, isNumber));
}

/** Numbers that JSON has no form for. */
export function readNumber(_: string, value: unknown): unknown {
  const text = (value as { $number?: unknown } | null)?.$number;
  return typeof text === 'string' ? Number(text) : value;
}
