/**
 * Whole trajectories against Keras: losses and weights of 25 updates, for each optimizer, penalty and bound.
 */
import { describe, expect, it } from 'vitest';
import { golden } from '../support/golden.js';
import { checkTrajectory, type Net, type Trajectory } from '../support/trajectories.js';

const { nets, cases } = golden<{ nets: Net[]; cases: Trajectory[] }>('trajectories');

describe('trajectories', () => {
  it.each(cases)('$name', (of) => checkTrajectory(nets, of));
  it('cover four nets', () => {
    expect([nets.length, cases.length]).toEqual([4, 360]);
  });
});
