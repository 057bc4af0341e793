/* A mail on its last step: what is handed over, and what became of it. */
#ifndef GATEPOST_MAILER_DELIVERY_H
#define GATEPOST_MAILER_DELIVERY_H

#include "str.h"

/* Nothing of a mail's content or address; what the other side says may repeat them. */
#define DELIVERY_REASON 128

enum delivery_verdict {
	DELIVERY_LATER = 0, /* not now: greylisting, a full box, a connection lost on the way */
	DELIVERY_SENT,      /* somebody else answers for it */
	DELIVERY_NEVER,     /* this mail is refused for good */
	DELIVERY_BROKEN     /* nothing can be sent at the moment, whatever the mail */
};

struct delivery {
	enum delivery_verdict verdict;
	char reason[DELIVERY_REASON]; /* ASCII; of DELIVERY_SENT: "" */
};

/* from and to are plain (mailbox.h) with a NUL behind; text ends its lines with CRLF. */
struct parcel {
	struct str from;
	struct str to;
	struct str text;
};

#endif
