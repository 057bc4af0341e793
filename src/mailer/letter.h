/* A row of the outbox as something to read: opened, and written by its kind's templates. */
#ifndef GATEPOST_MAILER_LETTER_H
#define GATEPOST_MAILER_LETTER_H

#include <stdbool.h>

#include "config.h"
#include "err.h"
#include "keyring.h"
#include "outbox_work_store.h"
#include "str.h"

struct arena;
struct catalogue;
struct template_set;

/* What letters are made with; owned by the mailer. */
struct letter_tools {
	const struct config *config;
	const struct keyring *keys;
	const struct template_set *templates;
	const struct catalogue *texts;
	struct arena *arena;
};

struct letter {
	struct str subject;
	struct str text;
	struct str html;
	struct str language; /* its tag */
};

/* Every kind has its templates. ERR_CONFIG, with the fault. */
MUST_CHECK enum err letter_check(const struct letter_tools *tools, struct fault *fault);

/*
 * *too_late: what it says was over when it was taken; out is untouched. ERR_CONFIG: the key file
 * has no such root. ERR_INPUT: it does not open, is of an unknown kind, or has something that no
 * mail may have. Others: memory, templates.
 */
MUST_CHECK enum err letter_write(const struct letter_tools *tools, const struct outbox_mail *mail,
				 bool *too_late, struct letter *out);

#endif
