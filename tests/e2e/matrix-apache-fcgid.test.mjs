// Apache event, mod_fcgid: the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('apache-fcgid', { lookAlike: 401 });
