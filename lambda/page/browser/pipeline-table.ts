/** The table of the pipelines: how many builds passed and failed, over time and in all. */
import type { FollowedPipeline } from '../messages.ts';
import { createElement, createSvg, findElement, setAttribute, setText } from './elements.ts';
import { formatCount, formatNoun, formatPercent, formatSeconds } from './format.ts';
import { filterPipelines, sortPipelines } from './order.ts';
import { buildBars, collectBars } from './paths.ts';
import { createVirtualTable, type TableRow } from './virtual-table.ts';

/** Two lines of text. Pixels. */
const rowHeight = 46;

/** Bars of one row: as many as can be told apart in its width. */
const barCount = 30;

const titles = [
  ['col-name', 'Pipeline'],
  ['col-bars', 'Builds'],
  ['col-passed', 'Passed'],
  ['col-failed', 'Failed'],
  ['col-rate', 'Rate'],
  ['col-time', 'Median'],
] as const;

export interface PipelineTable {
  readonly show: (pipelines: readonly FollowedPipeline[], isWaiting: boolean) => void;
}

export function createPipelineTable(): PipelineTable {
  const filter = findElement('pipelines-filter', HTMLInputElement);
  const note = findElement('pipelines-note', HTMLElement);
  let pipelines: readonly FollowedPipeline[] = [];
  let [slots, isFirst] = [barCount, true];
  const head = createElement(
    'tr',
    {},
    titles.map(([name, title]) => createElement('th', { scope: 'col', class: name }, [title])),
  );
  const table = createVirtualTable<FollowedPipeline>({
    ...{ label: 'Table of the pipelines', head, rowHeight },
    createRow: () => createRow(() => slots),
  });
  const draw = (): void => {
    const wanted = filterPipelines(pipelines, filter.value);
    setText(note, formatNoun(pipelines.length, 'pipeline'));
    const nothing = isFirst ? 'Waiting for the first run …' : 'No finished build has been counted.';
    table.show(sortPipelines(wanted), pipelines.length > 0 ? 'No pipeline has this name.' : nothing);
  };
  filter.addEventListener('input', draw);
  findElement('pipelines-table', HTMLElement).append(table.element);
  return {
    show: (found, isWaiting) => {
      pipelines = found;
      slots = found.reduce((most, { past }) => Math.max(most, past.passed.length), barCount);
      isFirst = isWaiting;
      draw();
    },
  };
}

function createRow(getSlots: () => number): TableRow<FollowedPipeline> {
  const name = createElement('b');
  const where = createElement('small');
  const title = createElement('th', { scope: 'row', class: 'col-name' }, [
    createElement('span', { class: 'names' }, [name, where]),
  ]);
  const [passedBars, failedBars] = [createSvg('path', { class: 'passed' }), createSvg('path', { class: 'failed' })];
  const bars = createSvg(
    'svg',
    { class: 'bars', 'aria-hidden': 'true', viewBox: '0 0 100 24', preserveAspectRatio: 'none' },
    [passedBars, failedBars],
  );
  const cells = titles.slice(2).map(([column]) => createElement('td', { class: `${column} plain` }));
  const element = createElement('tr', { class: 'row' }, [
    title,
    createElement('td', { class: 'col-bars' }, [bars]),
    ...cells,
  ]);
  return {
    element,
    show: ({ now, past }) => {
      setText(name, now.pipeline);
      setText(where, now.scope === '' ? now.source : `${now.source} · ${now.scope}`);
      setAttribute(title, 'title', `${now.pipeline} · ${now.scope} · ${now.source}`);
      const shown = collectBars(past.passed, past.failed, barCount, getSlots());
      setAttribute(
        passedBars,
        'd',
        buildBars(shown, ({ passed }) => [0, passed]),
      );
      setAttribute(
        failedBars,
        'd',
        buildBars(shown, ({ passed, failed }) => [passed, passed + failed]),
      );
      setAttribute(element, 'data-state', now.failedInAll > 0 ? 'failing' : 'quiet');
      const { passedInAll, failedInAll, duration } = now;
      const texts = [
        formatCount(passedInAll),
        formatCount(failedInAll),
        formatPercent(passedInAll, passedInAll + failedInAll),
        formatSeconds(duration),
      ];
      for (const [index, text] of texts.entries()) {
        const cell = cells[index];
        if (cell !== undefined) setText(cell, text);
      }
    },
  };
}
