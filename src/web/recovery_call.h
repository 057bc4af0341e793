/* Recovery over HTTP: what its pages and its API share. */
#ifndef GATEPOST_WEB_RECOVERY_CALL_H
#define GATEPOST_WEB_RECOVERY_CALL_H

#include <stdbool.h>

#include "err.h"
#include "mail_code.h"
#include "recovery.h"
#include "str.h"

struct call;

/* Where the code may be typed: the API where it was asked for there, else this browser. */
MUST_CHECK enum err recovery_asker(struct call *call, struct mail_asker *out);
/* Asks with the declared field email; *bad: it is not an address. *email: in normal form. */
MUST_CHECK enum err recovery_ask_of(struct call *call, struct str *email, bool *bad);

/* The form where the code is typed, for the page that has just sent it. */
MUST_CHECK enum err recovery_show_form(struct call *call, struct str email, bool sent);

#endif
