#!/usr/bin/env node
/**
 * Starts the command of the package, or says in a sentence that Node is too old for it.
 *
 * It has no modules, no types and no new syntax, so that every Node can read it, however old.
 */
var needed = [22, 19];

var version = process.versions.node.split('.').map(Number);
if (version[0] < needed[0] || (version[0] === needed[0] && version[1] < needed[1])) {
  process.stderr.write(
    'ci-metrics-collector needs Node ' +
      needed.join('.') +
      ' or newer, and ' +
      process.execPath +
      ' is ' +
      process.version +
      '. Install a newer one, for example with `nvm install 24`, and run the command again.\n',
  );
  process.exit(1);
}

// A young generation that does not grow, and an old one that is collected before it is twice its size: a run of 10,000
// queues then peaks at 180 to 215 MB instead of 465, for a fifth of its CPU time (npm run bench -- --only command).
require('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
require('node:v8').setFlagsFromString('--heap-growing-percent=70');

// Compiled code is kept between runs: a fifth of the CPU time of a small one. NODE_DISABLE_COMPILE_CACHE=1 turns it off.
require('node:module').enableCompileCache();

import('./main.mjs');
