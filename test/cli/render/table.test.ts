/** Tests of the layout of a text table: alignment, cutting to a width, and characters that a server sends. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPaint } from '../../../lambda/cli/render/colour.ts';
import { renderTable } from '../../../lambda/cli/render/table.ts';
import { measureText } from '../../../lambda/cli/render/text-width.ts';

const plain = { paint: createPaint({ isTty: false, variables: {}, isRefused: true }) };
const coloured = { paint: createPaint({ isTty: true, variables: {}, isRefused: false }) };

describe('table', () => {
  it('aligns names to the left, numbers to the right and wide characters by what they take', () => {
    const lines = renderTable(
      [{ title: 'QUEUE' }, { title: 'QUEUED', align: 'right' }, { title: 'NOTE' }],
      [
        [{ text: 'default' }, { text: '12' }, { text: 'busy' }],
        [{ text: '構築中' }, { text: '3' }, { text: '' }],
      ],
      plain,
    );

    expect(lines).toEqual(['QUEUE    QUEUED  NOTE', 'default      12  busy', '構築中        3']);
  });

  it('aligns the same with colours', () => {
    const columns = [{ title: 'QUEUE' }, { title: 'N', align: 'right' }] as const;
    const rows = [
      [
        { text: 'a', style: 'bad' as const },
        { text: '1', style: 'faint' as const },
      ],
    ];

    const [, line] = renderTable(columns, rows, coloured);

    expect(line).toBe('\x1b[31ma\x1b[39m      \x1b[2m1\x1b[22m');
  });

  it('cuts only the columns that may be cut, the widest first, and no further than allowed', () => {
    const columns = [{ title: 'SCOPE', shrinksTo: 5 }, { title: 'QUEUE', shrinksTo: 6 }, { title: 'NUMBER' }] as const;
    const rows = [[{ text: 'Cluster A' }, { text: 'a-very-long-queue' }, { text: '123456789' }]];
    const widthAt = (width: number) => renderTable(columns, rows, { ...plain, columns: width })[1];

    expect(widthAt(80)).toBe('Cluster A  a-very-long-queue  123456789');
    expect(widthAt(32)).toBe('Cluster A  a-very-lo…  123456789');
    expect(widthAt(10)).toBe('Clus…  a-ver…  123456789');
  });

  it('leaves out what gives way, as little as it takes, before a line becomes too long', () => {
    const columns = [
      { title: 'QUEUE', shrinksTo: 4 },
      { title: 'QUEUED' },
      { title: 'IDLE', givesWay: 2 },
      { title: 'BLOCKED', givesWay: 1 },
    ] as const;
    const rows = [[{ text: 'default' }, { text: '1' }, { text: '2' }, { text: '3' }]];
    const headerAt = (width: number) => renderTable(columns, rows, { ...plain, columns: width })[0];

    expect(headerAt(30)).toBe('QUEUE    QUEUED  IDLE  BLOCKED');
    expect(headerAt(27)).toBe('QUE…  QUEUED  IDLE  BLOCKED');
    expect(headerAt(26)).toBe('QUEUE    QUEUED  IDLE');
    expect(headerAt(17)).toBe('QUEUE    QUEUED');
    expect(headerAt(5)).toBe('QUE…  QUEUED');
  });

  it('shows what a server sends without obeying it', () => {
    const lines = renderTable([{ title: 'QUEUE' }], [[{ text: '\x1b[2Jgone\n\x1b[31m' }]], plain);

    expect(lines).toEqual(['QUEUE', 'gone ']);
  });

  it('has no limit of rows', () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => [{ text: `queue-${String(index)}` }]);

    const lines = renderTable([{ title: 'QUEUE' }], rows, plain);

    expect([lines.length, lines.at(-1)]).toEqual([200_001, 'queue-199999']);
  });

  it('keeps all lines in one shape whatever stands in them', () => {
    const cell = fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 12 }) });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 8 }), (rows) => {
        const closed = rows.map((row) => [...row, { text: '|' }]);

        const lines = renderTable([{ title: 'A' }, { title: 'B', align: 'right' }, { title: '|' }], closed, plain);

        expect(new Set(lines.map(measureText)).size).toBe(1);
      }),
    );
  });
});
