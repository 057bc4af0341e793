/* What failed calls of libcrypto leave on their thread, where TLS would take it for its own. */
#ifndef GATEPOST_BASE_OPENSSL_ERRORS_H
#define GATEPOST_BASE_OPENSSL_ERRORS_H

/*
 * Forgets them. For who calls a library that calls libcrypto and leaves the queue as it is: the
 * next read of a database connection with TLS in this thread would be judged by them.
 */
void openssl_errors_clear(void);

#endif
