/**
 * Whether long work lets others have their turn: counted, not timed, on a clock by which each look at it finds a turn
 * used up, so that a fast machine tells as much as a slow one.
 */
import { vi } from 'vitest';

/** How often the event loop turned while `work` was under way. */
export async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let [turns, over, time] = [0, false, performance.now()];
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (time += 1000));
  const turn = (): void => {
    turns++;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } finally {
    over = true;
    clock.mockRestore();
  }
  return turns;
}
