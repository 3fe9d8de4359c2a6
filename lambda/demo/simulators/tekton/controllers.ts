/** Answers for the pods of the simulated Tekton controller and for their metrics pages. */
import { hasMatchingLabels, findSelectorProblem } from './selector.ts';
import {
  refuseCoreForbidden,
  refuseCoreNotFound,
  refuse,
  makeJsonReply,
  pageNotFound,
  type Reply,
  refuseUnreachable,
} from './wire.ts';

/** A pod of Tekton's controller. */
export interface ControllerPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: 'Pending' | 'Running' | 'Failed';
  /** What `GET /metrics` of the pod answers; undefined where nothing listens. */
  readonly metrics: (() => string) | undefined;
}

/** The labels of the release's manifests (config/controller.yaml). */
export const controllerLabels = {
  'app.kubernetes.io/name': 'controller',
  'app.kubernetes.io/part-of': 'tekton-pipelines',
} as const;

/** What Tekton's manifests call the Service and its port. */
const controllerService = 'http:tekton-pipelines-controller:9090';

const corePath = /^\/api\/v1\/namespaces\/([^/]+)\/(pods|services)(?:\/([^/]+)\/proxy(\/.*))?$/;

export interface CoreOptions {
  readonly pods: readonly ControllerPod[];
  /** A user without the rights of the metrics mode. */
  readonly isForbidden: boolean;
  /** Picks the pod that a Service leads to; none of the pods is preferred. */
  readonly pick: (pods: readonly ControllerPod[]) => ControllerPod | undefined;
}

/** The core API as far as it leads to the controller: a list of pods, and the proxies of pods and Services. */
export function replyToCore(url: URL, options: CoreOptions): Reply | undefined {
  const [, namespace, kind, target, path] = corePath.exec(url.pathname) ?? [];
  if (namespace === undefined || kind === undefined) return undefined;
  if (options.isForbidden) return refuseCoreForbidden(target === undefined ? 'list' : 'get', kind, namespace, target);
  const pods = options.pods.filter((pod) => pod.namespace === namespace);
  if (target !== undefined) return replyToProxy(kind, target, path, { ...options, pods });
  if (kind !== 'pods') return undefined;
  const fault = findSelectorProblem(url.searchParams.get('labelSelector') ?? '');
  return fault === undefined ? makeJsonReply(200, mapPods(pods, url.searchParams)) : refuse(400, 'BadRequest', fault);
}

function replyToProxy(kind: string, target: string, path: string | undefined, { pods, pick }: CoreOptions): Reply {
  const [, name = '', port] = /^(?:https?:)?([^:]+):(\d+)$/.exec(target) ?? [];
  if (kind === 'services') {
    if (target !== controllerService) return refuseCoreNotFound(kind, name);
    const pod = pick(pods.filter(({ phase }) => phase === 'Running'));
    return pod === undefined
      ? refuseUnreachable('no endpoints available for service')
      : replyWithMetrics(pod, port, path);
  }
  const pod = pods.find((candidate) => candidate.name === name);
  return pod === undefined ? refuseCoreNotFound(kind, name) : replyWithMetrics(pod, port, path);
}

function replyWithMetrics({ metrics }: ControllerPod, port: string | undefined, path: string | undefined): Reply {
  if (port !== '9090' || metrics === undefined) return refuseUnreachable('error trying to reach service: dial tcp');
  if (path !== '/metrics') return pageNotFound;
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores', body: metrics() };
}

function mapPods(pods: readonly ControllerPod[], query: URLSearchParams): object {
  const selected = pods.filter(({ labels }) => hasMatchingLabels(query.get('labelSelector') ?? '', labels));
  return {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '10225' },
    items: selected.map(({ name, namespace, uid, labels, phase }) => ({
      metadata: { name, namespace, uid, labels, creationTimestamp: '2026-11-21T08:00:00Z' },
      spec: {
        containers: [{ name: 'tekton-pipelines-controller', ports: [{ name: 'metrics', containerPort: 9090 }] }],
      },
      status: { phase, podIP: '10.0.0.7' },
    })),
  };
}
