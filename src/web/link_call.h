/* Links of mails over HTTP: a GET exchanges one, unused, for a form that only this browser has. */
#ifndef GATEPOST_WEB_LINK_CALL_H
#define GATEPOST_WEB_LINK_CALL_H

#include <stdbool.h>

#include "err.h"
#include "mail_code.h"
#include "str.h"

struct call;
struct template_data;

/* A page that links lead to. */
struct link_page {
	struct str path; /* "/reset" */
	unsigned links;  /* as in mail_claim */
};

/*
 * The declared query field code: 303 to the page with ?ticket=, if it is a good link. *good false:
 * it is none, was used, or is too old, and nothing is answered yet.
 */
MUST_CHECK enum err link_exchange(struct call *call, const struct link_page *page, bool *good);
/* What such a ticket stands for now; *row is set when MAIL_RIGHT. Bound to this browser. */
MUST_CHECK enum err link_look(struct call *call, const struct link_page *page, struct str ticket,
			      enum mail_verdict *verdict, struct mail_code_row *row);
/* The row of a ticket, for a claim; none: it is no ticket of this browser. */
MUST_CHECK enum err link_row(struct call *call, struct str ticket, struct id *row);

/* 410: a calm page for a link that does nothing any more, and what to do instead. */
MUST_CHECK enum err link_show_over(struct call *call, struct str title, struct str text);

#endif
