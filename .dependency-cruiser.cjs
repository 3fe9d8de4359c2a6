/** Import directions are hard rules: a plugin can be read, tested and removed without reading another. */

/**
 * The rooms of a folder, the lowest first: a room takes from those before it, and from the named files at the door. A
 * room that is not listed may take from none.
 */
function holdRooms(folder, rooms, door) {
  const atDoor = `(${door.join('|')})\\.ts$`;
  const rules = rooms.map((room, index) => ({
    name: `rooms-of-${folder}-${room}`,
    severity: 'error',
    from: { path: `^lambda/${folder}/${room}/` },
    to: {
      path: `^lambda/${folder}/`,
      pathNot: `^lambda/${folder}/((${rooms.slice(0, index + 1).join('|')})/|${atDoor})`,
    },
  }));
  const unlisted = {
    name: `rooms-of-${folder}-listed`,
    severity: 'error',
    from: { path: `^lambda/${folder}/[^/]+/`, pathNot: `^lambda/${folder}/(${rooms.join('|')})/` },
    to: { path: `^lambda/${folder}/` },
  };
  return [...rules, unlisted];
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
      name: 'counters-know-no-plugin',
      severity: 'error',
      from: { path: '^lambda/counters/' },
      to: { path: '^lambda/(sources|sinks)/[^/]+/' },
    },
    {
      name: 'plugins-are-islands',
      severity: 'error',
      from: { path: '^lambda/(sources|sinks)/([^/]+)/' },
      to: { path: '^lambda/(sources|sinks)/[^/]+/', pathNot: '^lambda/$1/$2/' },
    },
    // Inside Buildkite: the API for users at the bottom, then queues, then what reads them; only the door knows all.
    {
      name: 'buildkite-user-api-knows-no-room',
      severity: 'error',
      from: { path: '^lambda/sources/buildkite/user-api/' },
      to: { path: '^lambda/sources/buildkite/(agent-api|builds|events|queues)/' },
    },
    {
      name: 'buildkite-queues-know-the-user-api',
      severity: 'error',
      from: { path: '^lambda/sources/buildkite/queues/' },
      to: { path: '^lambda/sources/buildkite/(agent-api|builds|events)/' },
    },
    {
      name: 'buildkite-agent-api-knows-queues',
      severity: 'error',
      from: { path: '^lambda/sources/buildkite/agent-api/' },
      to: { path: '^lambda/sources/buildkite/(builds|events|user-api)/' },
    },
    {
      name: 'buildkite-builds-know-queues-and-the-user-api',
      severity: 'error',
      from: { path: '^lambda/sources/buildkite/builds/' },
      to: { path: '^lambda/sources/buildkite/(agent-api|events)/' },
    },
    {
      name: 'buildkite-events-know-no-agent-api',
      severity: 'error',
      from: { path: '^lambda/sources/buildkite/events/' },
      to: { path: '^lambda/sources/buildkite/agent-api/' },
    },
    {
      name: 'buildkite-rooms-know-no-reader',
      severity: 'error',
      from: { path: '^lambda/sources/buildkite/[^/]+/' },
      to: { path: '^lambda/sources/buildkite/(collect|index|read-user-api)\\.ts$' },
    },
    // Inside Chainloop: runs are called over gRPC-Web; the metrics page needs neither.
    {
      name: 'chainloop-grpc-web-knows-no-room',
      severity: 'error',
      from: { path: '^lambda/sources/chainloop/grpc-web/' },
      to: { path: '^lambda/sources/chainloop/(metrics-page|runs)/' },
    },
    {
      name: 'chainloop-metrics-page-knows-no-room',
      severity: 'error',
      from: { path: '^lambda/sources/chainloop/metrics-page/' },
      to: { path: '^lambda/sources/chainloop/(grpc-web|runs)/' },
    },
    {
      name: 'chainloop-runs-know-no-metrics-page',
      severity: 'error',
      from: { path: '^lambda/sources/chainloop/runs/' },
      to: { path: '^lambda/sources/chainloop/metrics-page/' },
    },
    {
      name: 'chainloop-rooms-know-no-reader',
      severity: 'error',
      from: { path: '^lambda/sources/chainloop/[^/]+/' },
      to: { path: '^lambda/sources/chainloop/(collect|index|problems)\\.ts$' },
    },
    {
      name: 'chainloop-metrics-know-no-room',
      severity: 'error',
      from: { path: '^lambda/sources/chainloop/(config|errors|metrics|token-claims)\\.ts$' },
      to: { path: '^lambda/sources/chainloop/[^/]+/' },
    },
    {
      name: 'aws-sdk-in-few-places',
      severity: 'error',
      from: {
        path: '^lambda/',
        pathNot: '^lambda/(secrets/|counters/stores/dynamodb/|events/|sinks/cloudwatch/|(wiring|webhook)\\.ts$)',
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
          '^lambda/(config/|cost/|model/|settings/|runtime/function-memory\\.ts$|secrets/(secret-ref|arn)\\.ts$|sources/(index|source|prepare-source)\\.ts$|sources/[^/]+/(index|config|metrics)\\.ts$|sinks/(index|sink|prepare-sink)\\.ts$|sinks/[^/]+/(index|config|namespace|price|stored)\\.ts$)',
      },
    },
    {
      // The schema of collector.yaml is put together from the plugins' own ones, so none of them may need it.
      name: 'config-stands-above-plugins',
      severity: 'error',
      from: { path: '^lambda/', pathNot: '^lambda/(config/|cost/|cli/|(handler|wiring)\\.ts$)' },
      to: { path: '^lambda/config/' },
    },
    {
      name: 'settings-know-no-other-folder',
      severity: 'error',
      from: { path: '^lambda/settings/' },
      to: { path: '^lambda/', pathNot: '^lambda/settings/' },
    },
    {
      name: 'secrets-stand-below-http',
      severity: 'error',
      from: { path: '^lambda/secrets/' },
      to: { path: '^lambda/', pathNot: '^lambda/(secrets|runtime|model)/' },
    },
    ...holdRooms(
      'sources/bitbucket-pipelines',
      ['budget', 'api', 'runs', 'steps', 'runners', 'deployments', 'visits', 'forecast'],
      ['config', 'metrics', 'problems'],
    ),
    ...holdRooms(
      'sources/tekton',
      ['cluster', 'controller', 'levels', 'runs', 'results'],
      ['config', 'metrics', 'naming'],
    ),
    ...holdRooms(
      'config',
      ['explain', 'yaml', 'checks'],
      ['config-error', 'deployment', 'plain-secrets', 'runtime-config', 'schema', 'walk-schema'],
    ),
    ...holdRooms('secrets', ['redaction', 'stores'], ['arn', 'secret-ref']),
    {
      name: 'simulators-are-islands',
      severity: 'error',
      from: { path: '^lambda/demo/simulators/([^/]+)/' },
      to: { path: '^lambda/demo/simulators/[^/]+/', pathNot: '^lambda/demo/simulators/$1/' },
    },
    {
      name: 'render-knows-no-command',
      severity: 'error',
      from: { path: '^lambda/cli/render/' },
      to: { path: '^lambda/cli/(commands|collect|demo|migrate)/' },
    },
    {
      name: 'infra-parts-know-no-whole',
      severity: 'error',
      from: { path: '^infra/(metrics|access|bundle)/' },
      to: { path: '^infra/(alarms|dashboard|function)/', dependencyTypesNot: ['type-only'] },
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
      from: { path: '^lambda/' },
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
