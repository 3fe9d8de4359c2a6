export { namespaceOf } from '../../model/for-sinks/cloud-watch-shape.ts';
