/* What the rules of [protect] say about an address: decided as the guard does it, and in words. */
#ifndef GATEPOST_CTL_EXPLAIN_H
#define GATEPOST_CTL_EXPLAIN_H

#include <stdbool.h>

#include "buf.h"
#include "config.h"
#include "err.h"
#include "place.h"
#include "protect.h"
#include "session.h"
#include "str.h"
#include "url.h"

struct arena;

enum explain_kind {
	EXPLAIN_OTHER_HOST = 0, /* not of origin, whose sessions alone can come there */
	EXPLAIN_BAD_PATH,       /* 400 before any rule is read */
	EXPLAIN_OWN,            /* a page of Gatepost's, with rules of its own */
	EXPLAIN_DECIDED
};

struct explain_question {
	struct str url; /* a path, or an address */
	struct str method;
	struct str ip; /* "": not known, in no network */
	int64_t now;
	struct session session; /* SESSION_ABSENT: a stranger */
};

struct explanation {
	enum explain_kind kind;
	struct str target;  /* path and query as a request line has them; absent: other host */
	struct place place; /* its flaw says why with EXPLAIN_BAD_PATH */
	struct protect_request asked;
	struct session session;
	struct protect_decision decision; /* of EXPLAIN_DECIDED */
	struct url location; /* where a person is sent to be let in; its text absent: nowhere */
};

/* ERR_MEMORY. */
MUST_CHECK enum err explain_decide(const struct config *config, struct arena *arena,
				   const struct explain_question *question,
				   struct explanation *out);
bool explain_is_served(const struct explanation *e);
/* The status that a program gets; 200 stands for whatever is there. */
int explain_status(const struct explanation *e);
/* "served", "sign_in", "complete", "step_up", "forbidden", "not_canonical", "own", "other_host". */
const char *explain_verdict(const struct explanation *e);
/* One sentence without its end: what becomes of the request. */
void explain_add_verdict(struct buf *buf, const struct explanation *e);
/* "FILE:LINE: [protect "/x/"] require = …", or that there is none. */
void explain_add_section(struct buf *buf, const struct config *config, const struct explanation *e);
/* A term of the section that decides, as it stands for the one who asks. */
bool explain_is_met(const struct explanation *e, const struct protect_term *term);

#endif
