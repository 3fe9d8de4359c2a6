/** The three charts: jobs, waits, and builds that passed and failed, over the time that the page has watched. */
import type { History } from '../../messages.ts';
import { createChart, type Chart } from './chart.ts';
import { forgetColours } from './colours.ts';
import { findElement } from '../elements.ts';
import { formatAxisSeconds, formatCount, formatSeconds } from '../format.ts';
import { collectBuilds } from './time-bins.ts';

export interface Charts {
  readonly show: (history: History, intervalMs: number) => void;
  /** Draws in the colours of the theme as it is now. */
  readonly repaint: () => void;
}

export function createCharts(): Charts {
  const jobs = createChart({
    title: 'Jobs',
    kind: 'lines',
    series: [
      { label: 'running', colour: '--cool', isFilled: true },
      { label: 'queued', colour: '--warm', isFilled: true },
    ],
    formatValue: formatCount,
    formatAxis: formatCount,
  });
  const waits = createChart({
    title: 'Waiting times',
    kind: 'lines',
    series: [
      { label: 'p95', colour: '--warm', isFilled: false },
      { label: 'p50', colour: '--cool', isFilled: false },
    ],
    formatValue: formatSeconds,
    formatAxis: formatAxisSeconds,
  });
  const builds = createChart({
    title: 'Builds',
    kind: 'bars',
    series: [
      { label: 'failed', colour: '--bad', isFilled: true },
      { label: 'passed', colour: '--good', isFilled: true },
    ],
    formatValue: formatCount,
    formatAxis: formatCount,
  });
  const all: readonly Chart[] = [jobs, waits, builds];
  findElement('charts', HTMLElement).append(...all.map(({ element }) => element));
  return {
    show: ({ times, fleet }, intervalMs) => {
      const seconds = times.map((time) => time / 1000);
      jobs.show(seconds, [fleet.running, fleet.queued]);
      waits.show(seconds, [fleet.waitP95, fleet.waitP50]);
      const { starts, passed, failed } = collectBuilds(times, fleet, intervalMs);
      builds.show(starts, [failed, passed]);
    },
    repaint: () => {
      forgetColours();
      for (const chart of all) chart.repaint();
    },
  };
}
