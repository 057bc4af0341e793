/* Mail over HTTP: whose code it is, in which language, and what a page remembers until it is typed.
 */
#ifndef GATEPOST_WEB_MAIL_CALL_H
#define GATEPOST_WEB_MAIL_CALL_H

#include <stdbool.h>

#include "err.h"
#include "mail_code.h"
#include "str.h"

struct call;

/* Of the mail that the call asks for; the tag of the call's own. */
struct str mail_language_of(const struct call *call);
/* Who may type the code: the API where it was asked for there, else this browser (guard_pre). */
MUST_CHECK enum err mail_asker_of(struct call *call, struct mail_asker *out);

/* What a page asked for, on its way in an address to the page where the code is typed. */
struct mail_note {
	struct str email, username, display_name; /* absent: "" */
};
#define MAIL_NOTE_MAX 1400
/*
 * Sealed, and bound to this browser's -pre cookie: an address is no place for somebody's own
 * (history, logs, Referer). ERR_TOO_LARGE: over MAIL_NOTE_MAX characters.
 */
MUST_CHECK enum err mail_note_text(struct call *call, const struct mail_note *note,
				   struct str *out);
/* *found false: not one of this browser's. */
MUST_CHECK enum err mail_note_read(struct call *call, struct str text, struct mail_note *note,
				   bool *found);

#endif
