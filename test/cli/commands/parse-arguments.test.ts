/** Tests of the parser of command-line options, and of what it says about a wrong one. */
import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from '../../../lambda/cli/commands/parse-arguments.ts';
import { collectCommand } from '../../../lambda/cli/commands/collect-command.ts';
import { parseCollectSettings } from '../../../lambda/cli/collect/settings.ts';

const command = {
  options: {
    config: { value: 'FILE', short: 'c', help: '' },
    every: { value: 'TIME', help: '' },
    speed: { value: 'N', help: '' },
    once: { help: '' },
  },
};

describe('parseArguments', () => {
  it('reads switches, values, short names and values after an equals sign', () => {
    const args = parseArguments(command, ['-c', 'a.yaml', '--every=10s', '--once', '--speed', '2.5']);

    expect(args.text('config')).toBe('a.yaml');
    expect(args.duration('every')).toBe(10_000);
    expect(args.has('once')).toBe(true);
    expect(args.number('speed', { min: 1, max: 10 })).toBe(2.5);
  });

  it('knows nothing of options that were not given', () => {
    const args = parseArguments(command, []);

    expect([args.text('config'), args.duration('every'), args.has('once')]).toEqual([undefined, undefined, false]);
  });

  it('takes a value that looks like an option when it stands after an equals sign', () => {
    expect(parseArguments(command, ['--config=-dash.yaml']).text('config')).toBe('-dash.yaml');
  });

  it.each([
    [['--confg', 'a'], 'unknown option --confg; did you mean --config?'],
    [['--zzz'], 'unknown option --zzz'],
    [['-x'], 'unknown option -x'],
    [['--config'], '--config needs a value: --config FILE'],
    [['--config', '--once'], '--config needs a value: --config FILE'],
    [['--config='], '--config needs a value: --config FILE'],
    [['--once=yes'], '--once takes no value'],
    [['--once', '--once'], '--once is given twice'],
    [['-c', 'a', '--config', 'b'], '--config is given twice'],
    [['a.yaml'], 'unexpected argument "a.yaml"'],
    [['--', '--once'], 'unexpected argument "--once"'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseArguments(command, argv)).toThrow(new UsageError(message));
  });

  it.each([
    ['--every', '10 parsecs', '--every must be a time such as 500ms, 10s or 2m, at most 24h 00m, not "10 parsecs"'],
    ['--speed', '0', '--speed must be a number from 1 to 10, not "0"'],
    ['--speed', 'fast', '--speed must be a number from 1 to 10, not "fast"'],
  ])('refuses the value of %s %s', (option, value, message) => {
    const args = parseArguments(command, [option, value]);
    const read = () => [args.duration('every'), args.number('speed', { min: 1, max: 10 })];

    expect(read).toThrow(new UsageError(message));
  });

  it('does not hide a misspelt option name in the code', () => {
    expect(() => parseArguments(command, []).text('confg')).toThrow(RangeError);
  });
});

describe('collectSettings', () => {
  const settingsOf = (...argv: string[]) => parseCollectSettings(parseArguments(collectCommand, argv));

  it('runs once and shows a table by default', () => {
    expect(settingsOf('--config', 'c.yaml')).toEqual({
      configPath: 'c.yaml',
      everyMs: undefined,
      isDryRun: false,
      format: 'table',
      stateFolder: '.ci-metrics-state',
      timeoutMs: 30_000,
      isQuiet: false,
      isVerbose: false,
      hasColoursRefused: false,
    });
  });

  it('takes --json for --format json', () => {
    expect(settingsOf('-c', 'c', '--json').format).toBe('json');
    expect(settingsOf('-c', 'c', '--json', '--format', 'json').format).toBe('json');
  });

  it.each([
    [[], '--config FILE is missing: it names the collector.yaml to read'],
    [['-c', 'c', '--once', '--every', '10s'], '--once and --every exclude each other'],
    [['-c', 'c', '--every', '500ms'], '--every must be at least 1s'],
    [['-c', 'c', '--format', 'jsn'], '--format must be table, prometheus, json, not "jsn"; did you mean json?'],
    [['-c', 'c', '--format', 'xml'], '--format must be table, prometheus, json, not "xml"'],
    [['-c', 'c', '--format', 'table', '--json'], '--json and --format table exclude each other'],
  ])('refuses %j', (argv, message) => {
    expect(() => settingsOf(...argv)).toThrow(new UsageError(message));
  });
});
