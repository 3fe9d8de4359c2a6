/** The project's way to test, for those files only that the mutants of a run are held to. */
import { mergeConfig } from 'vitest/config';
import project from '../../vitest.config.ts';
import { testsVariable } from './settings.ts';

const include = (process.env[testsVariable] ?? '').split(':').filter((path) => path !== '');
if (include.length === 0) throw new Error(`${testsVariable} names no test file; start \`npm run mutate\` instead`);

export default mergeConfig({ ...project, test: { ...project.test, include: [] } }, { test: { include } });
