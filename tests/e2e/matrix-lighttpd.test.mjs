// lighttpd and a worker's own socket: the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('lighttpd', { lookAlike: 403, http2: true });
