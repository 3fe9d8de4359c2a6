/**
 * Says in a sentence that Node is too old, instead of a stack trace about the extension of a file.
 *
 * `node -r` loads this file before a program of this repository. It has no modules, no types and no new syntax, so that
 * every Node can read it, however old.
 */
var needed = 24;

if (Number(process.versions.node.split('.')[0]) < needed) {
  process.stderr.write(
    'This needs Node ' +
      needed +
      ' or newer, and ' +
      process.execPath +
      ' is ' +
      process.version +
      '. Install a newer one, or run `npm rebuild node --ignore-scripts=false` here: it brings the one that package.json names, which `npm ci --ignore-scripts` leaves out.\n',
  );
  process.exit(1);
}
