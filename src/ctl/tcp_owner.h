/* Whose a listening TCP socket of this machine is. */
#ifndef GATEPOST_CTL_TCP_OWNER_H
#define GATEPOST_CTL_TCP_OWNER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "str.h"

/* The user of the socket that a connection to the address gets, by /proc/net. False: none. */
bool tcp_owner(const struct sockaddr_in *address, uid_t *owner);
/*
 * How well a line of /proc/net/tcp or tcp6 fits: 0 not at all (or it does not listen), 1 every
 * address of IPv6, 2 every one of IPv4, 3 this one. Pure.
 */
unsigned tcp_owner_fit(struct str line, const struct sockaddr_in *address, uid_t *owner);
/* "127.0.0.1:9178". */
bool tcp_owner_parse(struct str address, struct sockaddr_in *out);

/* Only root, and whom root lets, can listen on that port of this machine. */
bool tcp_owner_is_reserved(unsigned port);

#endif
