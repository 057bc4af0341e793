/* The mailer: takes mails out of the outbox and sends them, any number of them beside each other.
 */
#ifndef GATEPOST_MAILER_MAILER_H
#define GATEPOST_MAILER_MAILER_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct mailer;

/*
 * Loads configuration, keys and templates, and looks whether all is there that sending needs.
 * ERR_CONFIG with the fault; also when the database is away, if it must answer.
 */
MUST_CHECK enum err mailer_open(const char *config_path, bool must_answer, struct mailer **out,
				struct fault *fault);
/* Ends the connections. Sets NULL; NULL is fine. */
void mailer_close(struct mailer **mailer);

/* What a round came to. */
struct mailer_round {
	unsigned taken;
	unsigned sent; /* decoys, which nobody is sent, are not among them */
	bool broken;   /* the mail server or the database: try again after pause */
	int64_t pause; /* so long nothing needs to be tried; microseconds */
	bool reload;   /* somebody asked for it meanwhile */
};

/*
 * Takes what is due, at most OUTBOX_BATCH, and sends it: whatever was sent is noted before the next
 * one. Ends within seconds when there is a signal to stop; what was not sent then is given back.
 */
void mailer_run(struct mailer *mailer, struct mailer_round *round);

#endif
