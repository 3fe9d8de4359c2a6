/** Tests of colours: they are written to a terminal that wants them, and to nothing else. */
import { describe, expect, it } from 'vitest';
import { createPaint } from '../../../lambda/cli/render/colour.ts';

describe('painter', () => {
  it.each([
    { given: 'a terminal', isTty: true, variables: {}, isRefused: false, coloured: true },
    { given: 'a pipe', isTty: false, variables: {}, isRefused: false, coloured: false },
    { given: 'a dumb terminal', isTty: true, variables: { TERM: 'dumb' }, isRefused: false, coloured: false },
    { given: '--no-color', isTty: true, variables: { FORCE_COLOR: '1' }, isRefused: true, coloured: false },
    { given: 'NO_COLOR', isTty: true, variables: { NO_COLOR: '1' }, isRefused: false, coloured: false },
    { given: 'an empty NO_COLOR', isTty: true, variables: { NO_COLOR: '' }, isRefused: false, coloured: true },
    { given: 'FORCE_COLOR', isTty: false, variables: { FORCE_COLOR: '1' }, isRefused: false, coloured: true },
    { given: 'FORCE_COLOR=0', isTty: true, variables: { FORCE_COLOR: '0' }, isRefused: false, coloured: false },
    {
      given: 'NO_COLOR and FORCE_COLOR',
      isTty: true,
      variables: { NO_COLOR: '1', FORCE_COLOR: '1' },
      isRefused: false,
      coloured: false,
    },
  ])('decides for $given: $coloured', ({ coloured, ...choice }) => {
    const painted = createPaint(choice)('bad', 'text');

    expect(painted).toBe(coloured ? '\x1b[31mtext\x1b[39m' : 'text');
  });
});
