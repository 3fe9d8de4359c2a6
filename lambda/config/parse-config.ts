/** Parses and checks collector.yaml; an error tells every problem with its place and remedy. */
import { checkConfig } from './checks/check-config.ts';
import type { Environment } from './checks/check-entries.ts';
import { ConfigError, type ConfigFinding, type ConfigProblem, formatPath } from './config-error.ts';
import type { CollectorConfig } from './schema.ts';
import { parseYaml, type YamlText } from './yaml/parse-yaml.ts';

export interface ParseOptions {
  /** For messages: `collector.yaml`. */
  readonly file: string;
  /** Where the configuration will be used. */
  readonly environment: Environment;
}

/** Larger than any configuration that people write by hand; a file of this size is the wrong one. */
const maxCharacters = 1024 * 1024;

/** Reads a configuration file. @throws ConfigError with every problem at once, each with its place and remedy. */
export function parseConfig(text: string, { file, environment }: ParseOptions): CollectorConfig {
  const whole = checkFile(text);
  if (whole !== undefined) throw new ConfigError(file, [{ path: '', message: whole }]);
  const { value, problems: inText, locate } = parseYaml(text);
  const syntax = inText.map((problem): ConfigProblem => ({ path: '', ...problem }));
  if (value === undefined && syntax.length > 0) throw new ConfigError(file, sortProblems(syntax));
  if (value === undefined || value === null) throw new ConfigError(file, [{ path: '', message: emptyFile }]);
  const checked = checkConfig(value, environment);
  if ('config' in checked && syntax.length === 0) return checked.config;
  const located = 'findings' in checked ? checked.findings.map((finding) => locateFinding(finding, locate)) : [];
  throw new ConfigError(file, sortProblems([...syntax, ...located]));
}

/** Checks what a file would have, given as a value. @throws ConfigError with every problem at once. */
export function parseConfigValue(value: unknown, { file, environment }: ParseOptions): CollectorConfig {
  const checked = checkConfig(value, environment);
  if ('config' in checked) return checked.config;
  throw new ConfigError(
    file,
    checked.findings.map(({ path, message }) => ({ path: formatPath(path), message })),
  );
}

const emptyFile = 'is empty; docs/configuration.md shows what to write';

function checkFile(text: string): string | undefined {
  if (text.length > maxCharacters) return 'is larger than 1 MiB; it is not a configuration of the collector';
  return text.includes('\0') ? 'is not a text file' : undefined;
}

function locateFinding({ path, about = 'value', message }: ConfigFinding, locate: YamlText['locate']): ConfigProblem {
  return { path: formatPath(path), message, position: locate(path, about) };
}

/** From the top of the file to its end. */
function sortProblems(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const computeKey = ({ position }: ConfigProblem): number => (position?.line ?? 0) * 1e6 + (position?.column ?? 0);
  return [...problems].sort((a, b) => computeKey(a) - computeKey(b));
}
