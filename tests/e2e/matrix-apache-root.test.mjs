// Apache with Gatepost at the root of the host: the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('apache-proxy', { lookAlike: 401, spools: false, extra: 'RequestReadTimeout body=5', basePath: '/' });
