/** What goes into requests: points of metrics, and events with the names of Buildkite's own tool. */
import type { Labels } from '../../../model/metric.ts';

/** Observations of one run, as New Relic keeps them. */
export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

interface PointOfSeries {
  readonly name: string;
  /** Its own, beside those that all points have in common; cleaned. */
  readonly attributes: Labels;
  /** Of the level, or of the end of the window of an increase. Epoch milliseconds. */
  readonly timeMs: number;
}

/** The newest one is shown. */
export interface Level extends PointOfSeries {
  readonly kind: 'level';
  readonly value: number;
}

interface Windowed extends PointOfSeries {
  /** How long the increase took to come about. */
  readonly intervalMs: number;
}

/** What was added in a window; New Relic adds it up. */
export interface Increase extends Windowed {
  readonly kind: 'increase';
  readonly value: number;
}

export interface Observations extends Windowed {
  readonly kind: 'observations';
  readonly value: Summary;
}

/** One queue in one run. */
export interface QueueEvent {
  readonly kind: 'event';
  readonly eventType: string;
  /** Epoch milliseconds, whole ones. */
  readonly timeMs: number;
  readonly attributes: Labels;
  readonly figures: Readonly<Record<string, number>>;
}

export type Point = Level | Increase | Observations;
export type Item = Point | QueueEvent;

export function isAddedUp(item: Item): item is Increase | Observations {
  return item.kind === 'increase' || item.kind === 'observations';
}
