export { namespaceOf } from '../../model/cloud-watch-shape.ts';
