/** Import directions are hard rules: a plugin can be read, tested and removed without reading another. */

/**
 * The rooms of a folder, each with the rooms that it takes from beside itself; all of them take from the named files at
 * the door. A room that is not listed may take from none.
 */
function holdRooms(folder, rooms, door) {
  const atDoor = `(${door.join('|')})\\.ts$`;
  const rules = Object.entries(rooms).map(([room, below]) => ({
    name: `rooms-of-${folder}-${room}`,
    severity: 'error',
    from: { path: `^lambda/${folder}/${room}/` },
    to: {
      path: `^lambda/${folder}/`,
      pathNot: `^lambda/${folder}/((${[...below, room].join('|')})/|${atDoor})`,
    },
  }));
  const unlisted = {
    name: `rooms-of-${folder}-listed`,
    severity: 'error',
    from: { path: `^lambda/${folder}/[^/]+/`, pathNot: `^lambda/${folder}/(${Object.keys(rooms).join('|')})/` },
    to: { path: `^lambda/${folder}/` },
  };
  return [...rules, unlisted];
}

/** Rooms that stand in one line, the lowest first: each takes from all before it. */
function stackRooms(rooms) {
  return Object.fromEntries(rooms.map((room, index) => [room, rooms.slice(0, index)]));
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'model-is-pure',
      severity: 'error',
      from: { path: '^lambda/model/' },
      to: { pathNot: '^lambda/model/' },
    },
    {
      name: 'source-knows-no-sink',
      severity: 'error',
      from: { path: '^lambda/sources/' },
      to: { path: '^lambda/sinks/' },
    },
    {
      name: 'sink-knows-no-source',
      severity: 'error',
      from: { path: '^lambda/sinks/' },
      to: { path: '^lambda/sources/' },
    },
    {
      name: 'counters-and-report-know-no-plugin',
      severity: 'error',
      from: { path: '^lambda/(counters|report)/' },
      to: { path: '^lambda/(sources|sinks)/' },
    },
    {
      name: 'crawl-knows-no-plugin',
      severity: 'error',
      from: { path: '^lambda/crawl/' },
      to: { path: '^lambda/(sources|sinks)/[^/]+/' },
    },
    {
      name: 'plugins-are-islands',
      severity: 'error',
      from: { path: '^lambda/(sources|sinks)/([^/]+)/' },
      to: { path: '^lambda/(sources|sinks)/[^/]+/', pathNot: '^lambda/$1/$2/' },
    },
    {
      // What a sink makes of a batch is pure, so that a dry run and a delivery cannot differ.
      name: 'encode-knows-no-send',
      severity: 'error',
      from: { path: '^lambda/sinks/([^/]+)/encode/' },
      to: { path: '^lambda/sinks/$1/(send|serve|receiver)/' },
    },
    {
      name: 'rooms-of-a-sink-stand-below-its-face',
      severity: 'error',
      from: { path: '^lambda/sinks/([^/]+)/(encode|send|serve|receiver)/' },
      to: { path: '^lambda/sinks/$1/(index|create|preview|price)\\.ts$' },
    },
    {
      name: 'aws-sdk-in-few-places',
      severity: 'error',
      from: {
        path: '^lambda/',
        pathNot:
          '^lambda/(secrets/|counters/stores/dynamodb/|events/|sinks/cloudwatch/|alarms/|(wiring|webhook|alarm-messages)\\.ts$)',
      },
      to: { path: 'node_modules/@aws-sdk/' },
    },
    {
      name: 'undici-in-one-place',
      severity: 'error',
      from: { path: '^lambda/', pathNot: '^lambda/(http/|wiring\\.ts$)' },
      to: { path: 'node_modules/undici/' },
    },
    {
      name: 'lambda-knows-no-infra',
      severity: 'error',
      from: { path: '^lambda/' },
      to: { path: '^(infra|test)/' },
    },
    {
      name: 'infra-sees-data-only',
      severity: 'error',
      from: { path: '^infra/' },
      to: {
        path: '^lambda/',
        pathNot:
          '^lambda/(config/|cost/|model/|settings/|alarms/message-event\\.ts$|runtime/function-memory\\.ts$|secrets/(secret-ref|arn)\\.ts$|sources/(index|source|prepare-source)\\.ts$|sources/[^/]+/(index|config|metrics|own-metrics)\\.ts$|sinks/(index|sink|prepare-sink)\\.ts$|sinks/[^/]+/(index|config|namespace|price|stored)\\.ts$)',
      },
    },
    {
      // The schema of collector.yaml is put together from the plugins' own ones, so none of them may need it.
      name: 'config-stands-above-plugins',
      severity: 'error',
      from: {
        path: '^lambda/',
        pathNot: '^lambda/(config/|cost/|cli/|doctor/examine-in-function\\.ts$|(handler|wiring)\\.ts$)',
      },
      to: { path: '^lambda/config/' },
    },
    {
      name: 'settings-know-no-other-folder',
      severity: 'error',
      from: { path: '^lambda/settings/' },
      to: { path: '^lambda/', pathNot: '^lambda/(settings/|model/time\\.ts$)' },
    },
    {
      name: 'secrets-stand-below-http',
      severity: 'error',
      from: { path: '^lambda/secrets/' },
      to: { path: '^lambda/', pathNot: '^lambda/(secrets|runtime|model)/' },
    },
    ...holdRooms(
      'sources/buildkite',
      {
        'user-api': [],
        queues: ['user-api'],
        'agent-api': ['queues'],
        builds: ['user-api', 'queues'],
        'build-lists': ['user-api', 'queues', 'builds'],
        events: ['user-api', 'queues', 'builds'],
      },
      ['config', 'metrics', 'refusal-reason'],
    ),
    ...holdRooms('sources/chainloop', { 'grpc-web': [], 'metrics-page': [], runs: ['grpc-web'] }, [
      'config',
      'errors',
      'metrics',
      'token-claims',
    ]),
    {
      name: 'chainloop-metrics-know-no-room',
      severity: 'error',
      from: { path: '^lambda/sources/chainloop/(config|errors|metrics|token-claims)\\.ts$' },
      to: { path: '^lambda/sources/chainloop/[^/]+/' },
    },
    ...holdRooms(
      'sources/bitbucket-pipelines',
      stackRooms(['api', 'runs', 'steps', 'runners', 'deployments', 'visits']),
      ['config', 'metrics', 'problems'],
    ),
    ...holdRooms(
      'sources/github-actions',
      stackRooms(['api', 'runs', 'jobs', 'runners', 'organization', 'deployments', 'approvals', 'visits']),
      ['config', 'metrics', 'own-metrics', 'problems'],
    ),
    ...holdRooms('sources/tekton', stackRooms(['cluster', 'controller', 'levels', 'runs', 'results']), [
      'config',
      'metrics',
      'naming',
    ]),
    ...holdRooms('config', stackRooms(['explain', 'yaml', 'checks']), [
      'config-error',
      'deployment',
      'plain-secrets',
      'runtime-config',
      'schema',
      'walk-schema',
    ]),
    ...holdRooms('secrets', stackRooms(['redaction', 'stores']), ['arn', 'secret-ref']),
    {
      name: 'simulators-are-islands',
      severity: 'error',
      from: { path: '^lambda/demo/simulators/([^/]+)/' },
      to: { path: '^lambda/demo/simulators/[^/]+/', pathNot: '^lambda/demo/simulators/$1/' },
    },
    {
      name: 'browser-knows-the-page-only',
      severity: 'error',
      from: { path: '^lambda/page/browser/' },
      to: { pathNot: '^(lambda/page/|node_modules/uplot/)' },
    },
    {
      // It is built into lambda/page/html.ts.
      name: 'nobody-imports-the-browser',
      severity: 'error',
      from: { path: '^(lambda|infra)/', pathNot: '^lambda/page/browser/' },
      to: { path: '^lambda/page/browser/' },
    },
    {
      name: 'render-knows-no-command',
      severity: 'error',
      from: { path: '^lambda/cli/render/' },
      to: { path: '^lambda/cli/(commands|collect|completion|dashboards|demo|doctor|init|migrate)/' },
    },
    {
      name: 'infra-parts-know-no-whole',
      severity: 'error',
      from: { path: '^infra/(metrics|access|bundle)/' },
      to: { path: '^infra/(alarms|dashboard|function|package)/', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(lambda|infra)/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'lambda-ships-no-devDependencies',
      severity: 'error',
      // The browser's part is shipped as what is built of it.
      from: { path: '^lambda/', pathNot: '^lambda/page/browser/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
