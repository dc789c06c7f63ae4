/**
 * Every test begins with the same seed, so that one that fails fails again. `TEST_SEED` is another.
 */
import { setRandomSeed } from 'ridgeline';
import { beforeEach } from 'vitest';

const seed = Number(process.env.TEST_SEED ?? 1);

// What stands outside tests begins with it too.
setRandomSeed(seed);
beforeEach(() => setRandomSeed(seed));
