/** Parses and checks the configuration file that the stack puts beside the function's code. */
import { checkEnvironmentOfSinks, checkSecretRefs } from './checks/check-entries.ts';
import { ConfigError, formatPath } from './config-error.ts';
import { explain } from './explain/explain.ts';
import { RuntimeConfig } from './runtime-config.ts';

/** The file beside the function's code. */
const runtimeConfigFile = 'collector.json';

/** Reads what the stack has put beside the function's code; YAML stays out of the function. @throws ConfigError */
export function parseRuntimeConfig(text: string, file: string = runtimeConfigFile): RuntimeConfig {
  const value = parseJsonFile(text, file);
  // Compiling a parser for each schema pays from the second document on; this is the only one.
  const parsed = RuntimeConfig.safeParse(value, { jitless: true });
  const findings = [
    ...explain(parsed.error?.issues ?? [], { schema: RuntimeConfig, value }),
    ...checkSecretRefs(RuntimeConfig, value, 'lambda'),
    ...checkEnvironmentOfSinks(
      (parsed.data?.sinks ?? []).map((config, index) => ({ index, config })),
      'lambda',
    ),
  ];
  if (parsed.success && findings.length === 0) return parsed.data;
  throw new ConfigError(
    file,
    findings.map(({ path, message }) => ({ path: formatPath(path), message })),
  );
}

/** A JSON error quotes the text, so it is not passed on. */
function parseJsonFile(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError(file, [{ path: '', message: 'is not JSON; deploy again, the stack writes this file' }]);
  }
}
