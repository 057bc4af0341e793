/* Text as mail carries it: quoted-printable bodies (RFC 2045 §6.7) and encoded words (RFC 2047). */
#ifndef GATEPOST_MAILER_QUOTED_H
#define GATEPOST_MAILER_QUOTED_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct buf;

/*
 * Appends text as quoted-printable, lines ended by CRLF, none longer than 76 characters, the last
 * one ended, too. text: UTF-8, lines ended by LF. What mail programs and servers act on at the
 * beginning of a line ("From ", a dot, a boundary's dashes) is encoded. ERR_INPUT: a control but
 * LF and tab, or no UTF-8.
 */
MUST_CHECK enum err quoted_add_body(struct buf *out, struct str text);

/*
 * Appends the value of a header whose name and colon have used so many columns: as it is where it
 * is short and plain, else as encoded words on lines of at most 76 characters, folded. phrase: it
 * is the name before an address, where less is plain. ERR_INPUT: a control, or no UTF-8.
 */
MUST_CHECK enum err quoted_add_header(struct buf *out, struct str text, size_t columns,
				      bool phrase);

#endif
