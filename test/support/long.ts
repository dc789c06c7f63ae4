/**
 * Cases that only the long run has: they repeat what others have shown.
 */

import { env } from 'node:process';

const { LONG_TESTS } = env;

/** True in `npm run test:long`. */
export const long = LONG_TESTS === '1';
