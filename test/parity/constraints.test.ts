/**
 * Constraints against Keras: losses and weights of 12 updates, with projections of every kind of weight, over every axis.
 */
import { describe, expect, it } from 'vitest';
import { golden } from '../support/golden.js';
import { checkTrajectory, type Net, type Trajectory } from '../support/trajectories.js';

const { nets, cases } = golden<{ nets: Net[]; cases: Trajectory[] }>('constraints');

describe('constraints', () => {
  it.each(cases)('$name', (of) => checkTrajectory(nets, of));
  it('cover three nets', () => {
    expect([nets.length, cases.length]).toEqual([3, 78]);
  });
});
