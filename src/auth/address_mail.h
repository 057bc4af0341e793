/* What a change of address writes to people. */
#ifndef GATEPOST_AUTH_ADDRESS_MAIL_H
#define GATEPOST_AUTH_ADDRESS_MAIL_H

#include "context.h"
#include "err.h"
#include "mail_code.h"
#include "str.h"
#include "user_store.h"

struct db;

/*
 * recipient absent: a decoy, as large and as much work as the others. Values of the template:
 * display_name, code, link, new_address, minutes, hours, days; "" where a mail has none of them.
 */
struct address_mail {
	struct str kind;
	struct str recipient;
	const struct user_row *user; /* whose name and language */
	struct str language;         /* where the user has none */
	struct str page;             /* that the link leads to: "/verify" */
	struct str new_address;
	struct secret code, link; /* missing: the link has none */
	int64_t code_end, too_late;
};

/* In the transaction of what it tells of. */
MUST_CHECK enum err address_mail(const struct auth_context *context, struct db *db,
				 const struct address_mail *mail);
/* The user's, else the other one. */
struct str address_mail_language(const struct user_row *user, struct str other);
/*
 * The link by which a change to new_address is taken back goes to user->email, the former one, with
 * the mail that tells of it.
 */
MUST_CHECK enum err address_mail_former(const struct auth_context *context, struct db *db,
					const struct user_row *user, struct str new_address,
					struct str language);

#endif
