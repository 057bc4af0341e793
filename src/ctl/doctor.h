/* The checks of "gatepost doctor": each adds lines of what was seen and what to do. */
#ifndef GATEPOST_CTL_DOCTOR_H
#define GATEPOST_CTL_DOCTOR_H

#include <stddef.h>

#include "ctl.h"
#include "str.h"

enum doctor_result { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_RESULT_COUNT };

struct doctor_check {
	enum doctor_result result;
	const char *name;
	struct str detail;  /* what was seen; printable, of one line */
	const char *advice; /* what to do; "" when there is nothing */
};

#define DOCTOR_CHECKS_MAX 512

/* One examination. The context's keys and db are NULL where they could not be opened. */
struct doctor {
	struct ctl *ctl;
	const struct config *config;
	struct arena *arena;
	struct doctor_check checks[DOCTOR_CHECKS_MAX];
	size_t n;
	bool complete; /* no check was lost for want of memory or room */
};

/* name and advice are static. The detail is at most 1023 bytes. */
void doctor_add(struct doctor *doctor, enum doctor_result result, const char *name,
		const char *advice, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The same with a detail of any length; controls in it are replaced. */
void doctor_add_text(struct doctor *doctor, enum doctor_result result, const char *name,
		     const char *advice, struct str detail);
/* Prints all; the command's exit code. */
enum ctl_exit doctor_report(struct doctor *doctor);

void doctor_files(struct doctor *doctor);
/* Who could read the key file and the passwords. */
void doctor_readers(struct doctor *doctor);
void doctor_sockets(struct doctor *doctor);
/* Connection (kept in the context for what follows), clock, schema, grants columns, purge. */
void doctor_database(struct doctor *doctor);
void doctor_rights(struct doctor *doctor);
/* Names in the configuration that the database does not have; signing keys that do not open. */
void doctor_names(struct doctor *doctor);
/* Who sends mail, and how much of it waits or was given up. */
void doctor_mail(struct doctor *doctor);
/* The list of breached passwords, and what the stored ones are sealed under. */
void doctor_passwords(struct doctor *doctor);
/* The authorizer's sockets: whose they are, and what they answer. */
void doctor_guard(struct doctor *doctor);
bool doctor_has_authorizer(const struct config *config);
struct web;
/* That strangers are refused in every [protect] section; through the configured URL. */
void doctor_guarded(const struct web *web);
/* Through the configured URL; needs the network, and unless --no-drill the database. */
void doctor_web(struct doctor *doctor);

#endif
