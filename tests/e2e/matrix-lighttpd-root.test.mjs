// lighttpd with Gatepost at the root of the host: the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('lighttpd', { lookAlike: 403, http2: true, basePath: '/' });
