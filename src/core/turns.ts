/**
 * Long work on the JavaScript thread: a generator that yields where others may have their turn, a millisecond or so
 * apart. It is one text for both ways to do it, all at once and in turns.
 */

/** Work that gives a `T` in the end. */
export type Work<T> = Generator<void, T, void>;

/** Elements that are looked at or copied between two places to yield. */
export const PIECE = 2 ** 17;

/** Milliseconds of work after which others have their turn. */
const TURN = 5;

/** Does the work in one go. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Does the work, letting others have their turn now and then; what is short is done when this returns. */
export async function inTurns<T>(work: Work<T>): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - since < TURN) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}

/** Milliseconds of each turn of the event loop for what is done at once although others wait. */
const KEPT = 1;

/** A turn of the event loop in which others are kept waiting. */
let turn: { readonly since: number; readonly over: Promise<void> } | undefined;

function begun(): { readonly since: number; readonly over: Promise<void> } {
  const over = new Promise<void>((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  });
  return { since: performance.now(), over };
}

/** Whether something brief may keep others waiting: in this turn they have not waited for long. */
export function mayKeepWaiting(): boolean {
  turn ??= begun();
  return performance.now() - turn.since < KEPT;
}

/** What somebody who has kept others waiting waits for before it goes on: the next turn, if they have waited for long. */
export function othersTurn(): Promise<void> | undefined {
  return mayKeepWaiting() ? undefined : turn?.over;
}

/** The first element that `is` holds for. */
export function* find(data: ArrayLike<number>, is: (x: number) => boolean): Work<number | undefined> {
  for (let from = 0; from < data.length; from += PIECE) {
    const end = Math.min(from + PIECE, data.length);
    for (let i = from; i < end; i++) if (is(data[i] as number)) return data[i];
    yield;
  }
  return undefined;
}

/** Elements, in memory. */
interface Elements extends ArrayLike<number> {
  set(from: Elements, at: number): void;
  subarray(from: number, to: number): Elements;
}

/** Copies elements to those from `at` on. */
export function* copy(from: Elements, to: Elements, at: number): Work<void> {
  for (let start = 0; start < from.length; start += PIECE) {
    to.set(from.subarray(start, start + PIECE), at + start);
    yield;
  }
}

/** Items that are put in order, or merged, between two places to yield. */
const SORTED = 2 ** 12;

/** The items in order, by runs that are merged two by two; equal ones stay as they were. */
export function* sorted<T>(items: readonly T[], order: (a: T, b: T) => number): Work<T[]> {
  let runs: T[][] = [];
  for (let from = 0; from < items.length; from += SORTED) {
    runs.push(items.slice(from, from + SORTED).sort(order));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(yield* merge(runs[i] as T[], runs[i + 1] ?? [], order));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T>(a: readonly T[], b: readonly T[], order: (a: T, b: T) => number): Work<T[]> {
  const all: T[] = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length; ) {
    const first = j === b.length || (i < a.length && order(a[i] as T, b[j] as T) <= 0);
    all.push((first ? a[i++] : b[j++]) as T);
    if (all.length % SORTED === 0) yield;
  }
  return all;
}
