/* The columns that statements answer, beside the lists that ask for them; for stmt.c only. */
#ifndef GATEPOST_STORE_STMT_COLS_H
#define GATEPOST_STORE_STMT_COLS_H

#include "audit_store.h"
#include "device_store.h"
#include "doctor_store.h"
#include "grants_store.h"
#include "rights.h"
#include "row.h"
#include "session_store.h"
#include "stmt_session.h"
#include "throttle_store.h"
#include "user_store.h"

/* offsetof takes a path of members, so an empty argument and "session." both do. */
static const struct col session_cols[] = {SESSION_COLS(struct session_row, )};

static const struct col found_cols[] = {FOUND_COLS(struct session_found, )};

static const struct col rotation_cols[] = {
	{"old_hash", COL_DIGEST, offsetof(struct rotation_row, old_hash), 0},
	{"session_id", COL_ID, offsetof(struct rotation_row, session_id), 0},
	{"epoch", COL_U32, offsetof(struct rotation_row, epoch), 0},
	{"proof_hash", COL_DIGEST, offsetof(struct rotation_row, proof_hash), 0},
	{"nonce", COL_ID, offsetof(struct rotation_row, nonce), 0},
	{"repeat_until", COL_I64, offsetof(struct rotation_row, repeat_until), 0},
	{"purge_at", COL_I64, offsetof(struct rotation_row, purge_at), 0},
};

static const struct col user_cols[] = {
	{"id", COL_ID, offsetof(struct user_row, id), 0},
	{"username", COL_STR, offsetof(struct user_row, username), 64},
	{"email", COL_STR, offsetof(struct user_row, email), 254},
	{"display_name", COL_STR, offsetof(struct user_row, display_name), 400},
	{"state", COL_U32, offsetof(struct user_row, state), 0},
	{"email_proven_at", COL_I64, offsetof(struct user_row, email_proven_at), 0},
	{"default_tenant", COL_ID, offsetof(struct user_row, default_tenant), 0},
	{"grants", COL_STR, offsetof(struct user_row, grants), 4000},
	{"created_at", COL_I64, offsetof(struct user_row, created_at), 0},
	{"updated_at", COL_I64, offsetof(struct user_row, updated_at), 0},
	{"language", COL_STR, offsetof(struct user_row, language), 35},
	{"closed_at", COL_I64, offsetof(struct user_row, closed_at), 0},
	{"must_change", COL_BOOL, offsetof(struct user_row, must_change), 0},
	{"refused", COL_BOOL, offsetof(struct user_row, password_refused), 0},
	{"changed_at", COL_I64, offsetof(struct user_row, password_changed_at), 0},
	{"factors", COL_U32, offsetof(struct user_row, factors), 0},
	{"factors_end", COL_I64, offsetof(struct user_row, factors_end), 0},
};
#define USER_SELECT                                                                                \
	"SELECT u.id, u.username, u.email, u.display_name, u.state, u.email_proven_at, "           \
	"u.default_tenant, u.grants, u.created_at, u.updated_at, u.language, u.closed_at, "        \
	"p.must_change, p.refused, p.changed_at, u.factors, u.factors_end FROM user u LEFT JOIN "  \
	"password p ON p.user_id = "                                                               \
	"u.id "

static const struct col user_locked_cols[] = {
	{"state", COL_U32, offsetof(struct user_locked, state), 0},
	{"factors", COL_U32, offsetof(struct user_locked, factors), 0},
	{"factors_end", COL_I64, offsetof(struct user_locked, factors_end), 0},
};
static const struct col device_known_cols[] = {
	{"id", COL_ID, offsetof(struct device_known, id), 0},
	{"trusted_until", COL_I64, offsetof(struct device_known, trusted_until), 0},
};
static const struct col device_cols[] = {
	{"id", COL_ID, offsetof(struct device_row, id), 0},
	{"user_id", COL_ID, offsetof(struct device_row, user_id), 0},
	{"ref_hash", COL_DIGEST, offsetof(struct device_row, ref_hash), 0},
	{"kind", COL_U32, offsetof(struct device_row, kind), 0},
	{"name", COL_STR, offsetof(struct device_row, name), 400},
	{"created_at", COL_I64, offsetof(struct device_row, created_at), 0},
	{"last_seen", COL_I64, offsetof(struct device_row, last_seen), 0},
	{"trusted_until", COL_I64, offsetof(struct device_row, trusted_until), 0},
	{"key_kind", COL_U32, offsetof(struct device_row, key_kind), 0},
	{"public_key", COL_STR, offsetof(struct device_row, public_key), 128},
	{"key_set_at", COL_I64, offsetof(struct device_row, key_set_at), 0},
};
#define DEVICE_SELECT                                                                              \
	"SELECT id, user_id, ref_hash, kind, name, created_at, last_seen, trusted_until, "         \
	"key_kind, public_key, key_set_at FROM device "

static const struct col audit_cols[] = {
	{"at", COL_I64, offsetof(struct audit_row, at), 0},
	{"id", COL_ID, offsetof(struct audit_row, id), 0},
	{"event", COL_STR, offsetof(struct audit_row, event), 64},
	{"outcome", COL_STR, offsetof(struct audit_row, outcome), 16},
	{"user_id", COL_ID, offsetof(struct audit_row, user_id), 0},
	{"actor_id", COL_ID, offsetof(struct audit_row, actor_id), 0},
	{"session_id", COL_ID, offsetof(struct audit_row, session_id), 0},
	{"request_id", COL_ID, offsetof(struct audit_row, request_id), 0},
	{"source", COL_STR, offsetof(struct audit_row, source), 45},
	{"detail", COL_STR, offsetof(struct audit_row, detail), 1024},
	{"username", COL_STR, offsetof(struct audit_row, username), 64},
};
#define AUDIT_SELECT                                                                               \
	"SELECT e.at, e.id, e.event, e.outcome, e.user_id, e.actor_id, e.session_id, "             \
	"e.request_id, e.source, e.detail, u.username "                                            \
	"FROM audit_event e LEFT JOIN user u ON u.id = e.user_id "

/* One column: an int64_t, id, secret, str or digest by itself. */
static const struct col number_cols[] = {{"value", COL_I64, 0, 0}};
static const struct col id_cols[] = {{"id", COL_ID, 0, 0}};
static const struct col hash_cols[] = {
	{"user_id", COL_ID, offsetof(struct password_row, user_id), 0},
	{"hash", COL_SECRET, offsetof(struct password_row, hash), 255},
};
static const struct col word_cols[] = {{"word", COL_STR, 0, 400}};
static const struct col account_cols[] = {{"account", COL_STR, 0, 1536}};
static const struct col digest_cols[] = {{"sha256", COL_DIGEST, 0, 0}};
static const struct col migration_cols[] = {
	{"version", COL_I64, offsetof(struct stmt_migration, version), 0},
	{"name", COL_STR, offsetof(struct stmt_migration, name), 255},
	{"sha256", COL_DIGEST, offsetof(struct stmt_migration, sha256), 0},
};

static const struct col throttle_cols[] = {
	{"key_hash", COL_DIGEST, offsetof(struct throttle_row, key), 0},
	{"bucket", COL_U32, offsetof(struct throttle_row, bucket), 0},
	{"short_start", COL_I64, offsetof(struct throttle_row, short_start), 0},
	{"short_count", COL_U32, offsetof(struct throttle_row, short_count), 0},
	{"long_start", COL_I64, offsetof(struct throttle_row, long_start), 0},
	{"long_count", COL_U32, offsetof(struct throttle_row, long_count), 0},
	{"failures", COL_U32, offsetof(struct throttle_row, failures), 0},
	{"before_at", COL_I64, offsetof(struct throttle_row, before_at), 0},
	{"last_at", COL_I64, offsetof(struct throttle_row, last_at), 0},
	{"purge_at", COL_I64, offsetof(struct throttle_row, purge_at), 0},
};
#define THROTTLE_SELECT                                                                            \
	"SELECT key_hash, bucket, short_start, short_count, long_start, long_count, failures, "    \
	"before_at, last_at, purge_at FROM throttle "
static const struct col overdue_cols[] = {
	{"sessions", COL_I64, offsetof(struct doctor_overdue, sessions), 0},
	{"rotations", COL_I64, offsetof(struct doctor_overdue, rotations), 0},
	{"throttles", COL_I64, offsetof(struct doctor_overdue, throttles), 0},
};
static const struct col restore_cols[] = {
	{"made", COL_I64, offsetof(struct doctor_restore, made), 0},
	{"before", COL_I64, offsetof(struct doctor_restore, before), 0},
	{"newest", COL_I64, offsetof(struct doctor_restore, newest), 0},
	{"checked", COL_I64, offsetof(struct doctor_restore, checked), 0},
};
static const struct col right_cols[] = {
	{"place", COL_STR, offsetof(struct right, place), 2048},
	{"table_name", COL_STR, offsetof(struct right, table), 2048},
	{"column_name", COL_STR, offsetof(struct right, column), 2048},
	{"privilege", COL_STR, offsetof(struct right, privilege), 2048},
	{"grantable", COL_BOOL, offsetof(struct right, grantable), 0},
};
static const struct col stored_cols[] = {
	{"user_id", COL_ID, offsetof(struct grants_row, user_id), 0},
	{"tenant_id", COL_ID, offsetof(struct grants_row, tenant_id), 0},
	{"grants", COL_STR, offsetof(struct grants_row, text), 4000},
};
static const struct col grants_word_cols[] = {
	{"user_id", COL_ID, offsetof(struct grants_row, user_id), 0},
	{"tenant_id", COL_ID, offsetof(struct grants_row, tenant_id), 0},
	{"word", COL_STR, offsetof(struct grants_row, text), 400},
};

#endif
