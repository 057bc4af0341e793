/* Connections of a listening socket, before libfcgi reads from them. For fcgi.c only. */
#ifndef GATEPOST_HTTP_FCGI_SOCKET_H
#define GATEPOST_HTTP_FCGI_SOCKET_H

#include <stdbool.h>

/*
 * The next connection, waited for where the listening socket blocks: 0, or an errno; EINTR when a
 * signal came first. ECONNABORTED: it went away, or FCGI_WEB_SERVER_ADDRS does not name where it
 * came from.
 */
int fcgi_socket_take(int listener, int *out);
/*
 * From now on no read waits longer than 30 s for the next octet, so that who sends half a request
 * does not keep a thread. False: it is no socket.
 */
bool fcgi_socket_limit(int fd);
/* Waits a little for the first octet, and limits as above. False: nothing came. */
bool fcgi_socket_begin(int fd);

#endif
