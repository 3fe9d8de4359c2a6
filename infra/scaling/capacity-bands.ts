/** Splits the sizes of a group into bands: so many steps as one policy of step scaling may have. */
import { splitChunks } from '../../lambda/model/lists/split-chunks.ts';

/** A group gets `capacity` where at least `needed` are needed, and no later step is reached. */
export interface CapacityStep {
  readonly needed: number;
  readonly capacity: number;
}

export interface CapacityBand {
  /** The smallest first; never empty. */
  readonly steps: readonly CapacityStep[];
  /** The first need of the band. */
  readonly from: number;
  /** The last need of the band; undefined where the band has no end. */
  readonly to: number | undefined;
}

/** Quotas of EC2 Auto Scaling and of Application Auto Scaling: "Step adjustments per step scaling policy". */
export const stepsPerPolicy = 20;

/**
 * A choice: each band is an alarm on two metrics, so that the largest group costs some 2 dollars a month to scale. EC2
 * Auto Scaling takes 50 policies a group.
 */
export const mostBands = 10;

/** By how many instances the capacities of a group differ: one, as long as the bands suffice. */
export function computeStepSize(min: number, max: number): number {
  return Math.ceil((max - min) / (stepsPerPolicy * mostBands));
}

/** Every capacity above the smallest; a need between two of them gets the larger one. */
export function planBands(min: number, max: number): readonly CapacityBand[] {
  return splitChunks(planSteps(min, max), stepsPerPolicy).map((steps, index, all) => {
    const [first] = steps;
    const next = all[index + 1]?.[0];
    return { steps, from: first?.needed ?? min + 1, to: next === undefined ? undefined : next.needed - 1 };
  });
}

function planSteps(min: number, max: number): readonly CapacityStep[] {
  const size = computeStepSize(min, max);
  return Array.from({ length: Math.ceil((max - min) / size) }, (_, index) => ({
    needed: min + index * size + 1,
    capacity: Math.min(max, min + (index + 1) * size),
  }));
}
