/* Throttling of sign-in: an attempt is taken before anything is hashed, or told how long to wait.
 */
#ifndef GATEPOST_AUTH_THROTTLE_H
#define GATEPOST_AUTH_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "device_store.h"
#include "err.h"
#include "session.h"
#include "str.h"
#include "throttle_policy.h"
#include "user_store.h"

/* Who tries, and from where besides context->ip. */
struct throttle_subject {
	struct str name;   /* in normal form; as typed, if it has none */
	struct id user_id; /* whose name it is; none: nobody's */
	enum device_kind device_kind;
	struct secret device_ref;      /* missing: no device */
	const struct session *current; /* what the request presented, resolved; never NULL */
};

/* Zeroed: not allowed. */
struct throttle_ticket {
	bool allowed;
	int64_t wait;                  /* when not allowed: microseconds until it may be tried */
	enum throttle_bucket refuser;  /* when not allowed: which counter said so */
	bool by_device;                /* counted by the device, not by the account */
	struct digest device;          /* its counter, also when it is lost; else the account's */
	struct throttle_row counts[2]; /* what was taken */
	size_t count;
};

/*
 * Takes one attempt from the account's counter and then from the source's, both or none, in one
 * transaction. A device that the account knows (by device_ref, or because the request presented a
 * session of the account) is counted by itself, until it failed too often. Names of nobody have
 * counters too, by the same statements in the same order. Keyed under the newest root: with a new
 * one all counters begin anew. ERR_UNAVAILABLE, ERR_UNCERTAIN: nothing may be granted.
 */
MUST_CHECK enum err throttle_take(const struct auth_context *context,
				  const struct throttle_subject *subject,
				  struct throttle_ticket *out);
/*
 * The attempt succeeded: clears the device's counter or, if it was not counted by a device, those
 * of both names of the account too; and gives the source this one attempt back. A known device that
 * signs in gives nobody else a fresh start.
 */
MUST_CHECK enum err throttle_succeed(const struct auth_context *context,
				     const struct throttle_ticket *ticket,
				     const struct user_row *user);
/* Takes one guest session from the source's counter of them. */
MUST_CHECK enum err throttle_take_guest(const struct auth_context *context,
					struct throttle_ticket *out);
/*
 * Takes one wrong try of a service from the counters of its name and of the source. Judged before
 * it is taken: a right secret is never refused for what others tried (nobody guesses 256 bits),
 * and costs no write.
 */
MUST_CHECK enum err throttle_take_service(const struct auth_context *context, struct str name,
					  struct throttle_ticket *out);
/*
 * Takes one mail from the counters of the address (in normal form) and of the source, whether or
 * not anybody has that address.
 */
MUST_CHECK enum err throttle_take_mail(const struct auth_context *context, struct str address,
				       struct throttle_ticket *out);
/*
 * Takes one try of a code from the counter of the address it was sent to and from the source's of
 * failures. A right one is given back by throttle_succeed_code.
 */
MUST_CHECK enum err throttle_take_code(const struct auth_context *context, struct str address,
				       struct throttle_ticket *out);
MUST_CHECK enum err throttle_succeed_code(const struct auth_context *context,
					  const struct throttle_ticket *ticket);
/*
 * The counters of both names of the account begin anew: who has proven by mail who they are is no
 * longer kept out by what others tried. In the caller's transaction.
 */
MUST_CHECK enum err throttle_forget(const struct auth_context *context, struct db *db,
				    const struct user_row *user);
/*
 * Takes one try of a user name with a code that was right (its row's id): nobody shall list the
 * names that are taken with it.
 */
MUST_CHECK enum err throttle_take_name(const struct auth_context *context, const struct id *code,
				       struct throttle_ticket *out);
/*
 * Takes one try of a second factor from the counter of the account and the method (a number, part
 * of the key), whatever device it comes from: who has the password has a device that is known. A
 * right one begins the counter anew, in the transaction that uses it up.
 */
MUST_CHECK enum err throttle_take_factor(const struct auth_context *context,
					 const struct id *user_id, unsigned char method,
					 struct throttle_ticket *out);
MUST_CHECK enum err throttle_succeed_factor(const struct auth_context *context,
					    const struct throttle_ticket *ticket);
/*
 * Takes one sign-in by passkey from the source's counter of failures: nobody is named by one, and
 * nobody guesses a signature. A right one is given back (throttle_succeed_code).
 */
MUST_CHECK enum err throttle_take_passkey(const struct auth_context *context,
					  struct throttle_ticket *out);
/* Takes one challenge for a sign-in by passkey from the source's counter of them. */
MUST_CHECK enum err throttle_take_challenge(const struct auth_context *context,
					    struct throttle_ticket *out);
/* The attempt was never judged (no hash slot, no database): best effort to count it not. */
void throttle_give_back(const struct auth_context *context, const struct throttle_ticket *ticket);

/* The keys of counters: of a name in normal form (or as typed), and of an address. */
struct digest throttle_key_of_name(const struct auth_context *context, struct str name);
/* What is no address (a unix socket's name) is a source by itself. */
struct digest throttle_key_of_source(const struct auth_context *context, struct str ip);
struct digest throttle_key_of_guests(const struct auth_context *context, struct str ip);
/* The source's counter of services' wrong tries. */
struct digest throttle_key_of_services(const struct auth_context *context, struct str ip);

#endif
