/**
 * Every schedule against Keras, and the one cycle against PyTorch, both in float64: learning rates at many steps.
 */
import { optimizers } from 'ridgeline';
import { describe, expect, it } from 'vitest';
import '../support/allclose.js';
import { golden, make, type Named } from '../support/golden.js';

interface ScheduleCase {
  readonly name: string;
  readonly schedule: Named;
  readonly steps: readonly number[];
  readonly rates: readonly number[];
}

const { cases } = golden<{ cases: ScheduleCase[] }>('schedules');

/** Keras narrows a cosine to float32. */
const NARROWED = { relative: 6e-8, absolute: 1e-8 };

describe('schedules', () => {
  it.each(cases)('$name', ({ schedule: { name, ...options }, steps, rates }) => {
    const schedule = make<optimizers.schedules.LearningRateSchedule>(optimizers.schedules, name, options);
    const tolerance = name.startsWith('cosine') ? NARROWED : { relative: 1e-12, absolute: 0 };
    expect(steps.map((step) => schedule.at(step))).toBeAllclose(rates, tolerance);
  });
  it('are all there', () => {
    const factories = Object.keys(optimizers.schedules).filter((name) => /^[a-z]/.test(name));
    expect(new Set(cases.map(({ schedule }) => schedule.name))).toEqual(new Set(factories));
  });
});
