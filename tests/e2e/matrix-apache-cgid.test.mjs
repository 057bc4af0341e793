// Plain CGI of Apache event (mod_cgid): the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('apache-cgid', { lookAlike: 401, chunked: false });
