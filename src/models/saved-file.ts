/**
 * What saving and loading agree on.
 */

/** Version of the file's JSON. */
export const FORMAT = 1;
