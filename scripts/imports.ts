/** Checks the directions of imports: `npm run imports`. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const folders = ['lambda', 'infra'];

/**
 * Fewer modules than exist were cruised only when the cruiser could not read TypeScript: it then finds nothing, exits 0
 * and the import rules hold by accident.
 */
const fewestModules = folders
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts')).length;

function modulesCruised(): number {
  const output = execFileSync(
    'depcruise',
    [...folders, '--config', '.dependency-cruiser.cjs', '--output-type', 'err'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  process.stdout.write(output);
  return Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
}

const count = modulesCruised();
if (count < fewestModules) {
  process.stderr.write(
    `only ${String(count)} modules were cruised, at least ${String(fewestModules)} exist: the rules prove nothing\n`,
  );
  process.exitCode = 1;
}
