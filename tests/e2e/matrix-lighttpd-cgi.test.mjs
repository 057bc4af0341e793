// Plain CGI of lighttpd: the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('lighttpd-cgi', { lookAlike: 403 });
