// Plain CGI of Apache prefork (mod_cgi): the same cases as on every server path.
import { matrix } from './cases.mjs';

matrix('apache-cgi', { lookAlike: 401, chunked: false });
