/**
 * Logs: the numbers of an epoch or a batch, by Keras' keys.
 */

/** Numbers of an epoch or batch, by Keras' keys. */
export type Logs = Record<string, number>;

/** Keys of logs: losses, metrics `K`, and the same for validation data. */
export type LogKey<K extends string> = 'loss' | 'penalty' | 'loss_without_penalty' | K;

/** Loss and metrics by key. */
export type LogsOf<K extends string> = { readonly [P in LogKey<never>]: number } & {
  readonly [P in K]: number;
};

/** Keys of a history. */
export type HistoryKey<K extends string> = LogKey<K> | `val_${LogKey<K>}`;
