/* Addresses of mail: what may stand in a command to a mail server and in a header. */
#ifndef GATEPOST_BASE_MAILBOX_H
#define GATEPOST_BASE_MAILBOX_H

#include <stdbool.h>

#include "str.h"

/*
 * A local part of 1 to 64 and a domain of 1 to 253 octets around one '@', at most 254 together;
 * printable ASCII without space, and none of what delimits: < > ( ) [ ] , ; : \ ". So it ends
 * neither a command nor a header, and is one address there (IN-08).
 */
bool mailbox_is_plain(struct str address);

#endif
