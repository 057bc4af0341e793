/* One mail as a mail server takes it: headers, a text and the same as HTML (RFC 5322, RFC 2046). */
#ifndef GATEPOST_MAILER_MESSAGE_H
#define GATEPOST_MAILER_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct buf;

#define MESSAGE_MAX ((size_t)512 * 1024)

struct message {
	struct id id; /* of the row: a repeated mail has the same Message-ID */
	struct str from;
	struct str from_name; /* absent: none */
	struct str reply_to;  /* absent: none */
	struct str to;
	struct str subject;
	struct str language; /* absent: not said */
	struct str text;     /* UTF-8, lines ended by LF */
	struct str html;
	int64_t date;
};

/*
 * Appends it with CRLF. Whatever the members are, the headers are these and no other: ERR_INPUT for
 * an address that is not plain (mailbox.h), and for a control or no UTF-8 in a name or the subject,
 * or in a body a control but LF and tab (IN-08). Other errors of buf.
 */
MUST_CHECK enum err message_write(const struct message *message, struct buf *out);

#endif
