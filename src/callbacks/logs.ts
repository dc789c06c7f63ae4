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

/** Numbers for people to read. */
export function logsText(logs: Logs): string {
  const digits = (x: number): string => (Math.abs(x) >= 1e-3 || x === 0 ? x.toFixed(4) : x.toExponential(2));
  // Callbacks may have put anything among them.
  return Object.entries(logs)
    .filter(([, value]) => typeof value === 'number')
    .map(([key, value]) => `${key}: ${digits(value)}`)
    .join(' - ');
}
