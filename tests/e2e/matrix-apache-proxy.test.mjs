// Apache event, mod_proxy_fcgi, a unix socket: the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('apache-proxy', { lookAlike: 401, spools: false, extra: 'RequestReadTimeout body=5' });
