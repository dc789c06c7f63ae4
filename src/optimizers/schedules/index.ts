/**
 * Schedules of the learning rate, with Keras 3's formulas and defaults where Keras has them.
 */
export * from './factories.js';
export { LearningRateSchedule } from './schedule.js';
