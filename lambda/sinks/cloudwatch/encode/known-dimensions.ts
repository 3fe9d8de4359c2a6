/** Keeps the dimensions of series that come again from run to run: checked and written, so that only values are new. */
import { createDimensionMapper, type Dimension } from '../../../model/for-sinks/cloud-watch-shape.ts';
import type { Labels } from '../../../model/metric.ts';
import { knownDimensionsRuns, maxKnownDimensions } from '../limits.ts';
import { checkDimensions, type OmissionReason } from './check-datum.ts';
import { createDimensionAdder } from './extra-dimensions.ts';
import { writeAscii } from './write-ascii.ts';

/** What the labels of a series became. */
export interface WrittenDimensions {
  /** Of the metric itself. */
  readonly dimensions: readonly Dimension[];
  /** With those of the operator. */
  readonly all: readonly Dimension[];
  /** JSON of all of them, with commas between them. */
  readonly text: string;
  /** Why PutMetricData would refuse them. */
  readonly refusal: OmissionReason | undefined;
}

export interface KnownDimensions {
  /** Called once a run. After some runs everything is forgotten, so that names which are gone do not stay. */
  readonly beginRun: () => void;
  /** For one dimension set of a metric: finds what labels become, and makes it where they are new. */
  readonly openSet: (
    set: readonly string[],
    extra: Readonly<Record<string, string>>,
  ) => (labels: Labels) => WrittenDimensions;
}

/** Label values lead from level to level; the last one has what was written. */
interface Level {
  /** Made with the first of them: most levels are the last one, and an empty map takes as much as what was written. */
  levels: Map<string, Level> | undefined;
  written: WrittenDimensions | undefined;
}

interface Step {
  readonly value: string;
  readonly level: Level;
}

/**
 * Empty; lives as long as the sink.
 * @param most Label sets that are kept.
 * @param forgottenAfter Runs after which everything is forgotten.
 */
export function createKnownDimensions(
  most = maxKnownDimensions,
  forgottenAfter = knownDimensionsRuns,
): KnownDimensions {
  const roots = new Map<string, Level>();
  let runs = 0;
  let kept = 0;
  const forget = (): void => {
    roots.clear();
    kept = 0;
  };
  return {
    beginRun: () => {
      runs += 1;
      if (runs % forgottenAfter === 0) forget();
    },
    openSet: (set, extra) => {
      const key = JSON.stringify([set, extra]);
      const root = roots.get(key) ?? createLevel();
      roots.set(key, root);
      const find = createFinder(root, set, () => kept < most);
      const write = createWriter(set, extra);
      return (labels) => {
        const level = find(labels);
        if (level.written !== undefined) return level.written;
        kept += 1;
        return (level.written = write(labels));
      };
    },
  };
}

function createLevel(): Level {
  return { levels: undefined, written: undefined };
}

/**
 * Samples in order repeat most labels of the one before: from the first that differs on it is looked up. Where there is
 * no room, a new level lasts until the next label set comes.
 */
function createFinder(root: Level, set: readonly string[], hasRoom: () => boolean): (labels: Labels) => Level {
  const path: Step[] = [];
  return (labels) => {
    let level = root;
    let isSame = true;
    for (let at = 0; at < set.length; at += 1) {
      const value = labels[set[at] ?? ''] ?? '';
      const before = path[at];
      isSame &&= before?.value === value;
      if (isSame && before !== undefined) {
        level = before.level;
        continue;
      }
      level = descend(level, value, hasRoom);
      path[at] = { value, level };
    }
    return level;
  };
}

function descend(from: Level, value: string, hasRoom: () => boolean): Level {
  const known = from.levels?.get(value);
  if (known !== undefined) return known;
  const level = createLevel();
  if (hasRoom()) (from.levels ??= new Map()).set(value, level);
  return level;
}

function createWriter(
  set: readonly string[],
  extra: Readonly<Record<string, string>>,
): (labels: Labels) => WrittenDimensions {
  const mapDimensions = createDimensionMapper(set);
  const addExtra = createDimensionAdder(extra);
  return (labels) => {
    const dimensions = mapDimensions(labels);
    const all = addExtra(dimensions);
    return { dimensions, all, text: writeDimensions(all), refusal: checkDimensions(all) };
  };
}

/** As they stand in a datum. */
export function writeDimensions(dimensions: readonly Dimension[]): string {
  return dimensions.map(({ name, value }) => writeAscii({ Name: name, Value: value })).join(',');
}
