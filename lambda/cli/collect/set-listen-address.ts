/** Puts the address of `--listen` into a configuration: the page to scrape moves there, or is added. */
import { checkConfig } from '../../config/checks/check-config.ts';
import { formatPath } from '../../config/config-error.ts';
import type { CollectorConfig } from '../../config/schema.ts';
import { UsageError } from '../commands/parse-arguments.ts';

const kind = 'scrape-page';

/** @throws UsageError for an address that cannot be used, and where it is not clear which page is meant. */
export function setListenAddress(config: CollectorConfig, listen: string | undefined): CollectorConfig {
  if (listen === undefined) return config;
  const pages = config.sinks.filter((sink) => sink['kind'] === kind);
  if (pages.length > 1)
    throw new UsageError(
      `--listen is for one page, and the configuration has ${String(pages.length)}; set listen there`,
    );
  const sinks =
    pages.length === 0
      ? [...config.sinks, { kind, listen }]
      : config.sinks.map((sink) => (sink['kind'] === kind ? { ...sink, listen } : sink));
  const checked = checkConfig({ ...config, sinks }, 'terminal');
  if ('config' in checked) return checked.config;
  const [{ path, message }] = checked.findings;
  // What is said of the setting is meant of the flag, which stands in its place.
  const place = path[0] === 'sinks' && path.at(-1) === 'listen' ? '' : `${formatPath(path)} `;
  throw new UsageError(`--listen ${listen}: ${place}${message}`);
}
