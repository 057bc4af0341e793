// nginx and a worker's own socket: the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('nginx', { lookAlike: 401, http2: true });
