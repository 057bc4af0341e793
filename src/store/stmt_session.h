/* A session as statements read it: by itself, or with its user, membership and tenant. */
#ifndef GATEPOST_STORE_STMT_SESSION_H
#define GATEPOST_STORE_STMT_SESSION_H

#include "row.h"
#include "session_store.h"

/* A row of session, as a whole or within what a check reads. */
#define SESSION_COLS(type, at)                                                                     \
	{"hash", COL_DIGEST, offsetof(type, at hash), 0},                                          \
		{"id", COL_ID, offsetof(type, at id), 0},                                          \
		{"epoch", COL_U32, offsetof(type, at epoch), 0},                                   \
		{"carrier", COL_U32, offsetof(type, at carrier), 0},                               \
		{"class", COL_U32, offsetof(type, at class), 0},                                   \
		{"state", COL_U32, offsetof(type, at state), 0},                                   \
		{"value_used", COL_BOOL, offsetof(type, at value_used), 0},                        \
		{"held", COL_BOOL, offsetof(type, at held), 0},                                    \
		{"user_id", COL_ID, offsetof(type, at user_id), 0},                                \
		{"tenant_id", COL_ID, offsetof(type, at tenant_id), 0},                            \
		{"device_id", COL_ID, offsetof(type, at device_id), 0},                            \
		{"client", COL_STR, offsetof(type, at client), 64},                                \
		{"aal", COL_U32, offsetof(type, at aal), 0},                                       \
		{"amr", COL_STR, offsetof(type, at amr), 64},                                      \
		{"auth_time", COL_I64, offsetof(type, at auth_time), 0},                           \
		{"aal2_end", COL_I64, offsetof(type, at aal2_end), 0},                             \
		{"created_at", COL_I64, offsetof(type, at created_at), 0},                         \
		{"last_seen", COL_I64, offsetof(type, at last_seen), 0},                           \
		{"idle_end", COL_I64, offsetof(type, at idle_end), 0},                             \
		{"expires_at", COL_I64, offsetof(type, at expires_at), 0},                         \
		{"device_name", COL_STR, offsetof(type, at device_name), 400},                     \
		{"ip", COL_STR, offsetof(type, at ip), 45},                                        \
		{"user_agent", COL_STR, offsetof(type, at user_agent), 255},                       \
		{"pair_id", COL_ID, offsetof(type, at pair_id), 0},                                \
		{"wish", COL_U32, offsetof(type, at wish), 0},                                     \
	{                                                                                          \
		"tries", COL_U32, offsetof(type, at tries), 0                                      \
	}
#define SESSION_SELECT                                                                             \
	"SELECT s.hash, s.id, s.epoch, s.carrier, s.class, s.state, s.value_used, s.held, "        \
	"s.user_id, s.tenant_id, s.device_id, s.client, s.aal, s.amr, s.auth_time, s.aal2_end, "   \
	"s.created_at, s.last_seen, s.idle_end, s.expires_at, s.device_name, s.ip, s.user_agent, " \
	"s.pair_id, s.wish, s.tries"

/* What a check reads; at: the path to a struct session_found. */
#define FOUND_COLS(type, at)                                                                       \
	SESSION_COLS(type, at session.),                                                           \
		{"user_state", COL_U32, offsetof(type, at user_state), 0},                         \
		{"factors", COL_U32, offsetof(type, at factors), 0},                               \
		{"username", COL_STR, offsetof(type, at username), 64},                            \
		{"email", COL_STR, offsetof(type, at email), 254},                                 \
		{"display_name", COL_STR, offsetof(type, at display_name), 400},                   \
		{"user_grants", COL_STR, offsetof(type, at user_grants), 4000},                    \
		{"language", COL_STR, offsetof(type, at language), 35},                            \
		{"tenant_name", COL_STR, offsetof(type, at tenant_name), 64},                      \
	{                                                                                          \
		"tenant_grants", COL_STR, offsetof(type, at tenant_grants), 4000                   \
	}
#define FOUND_SELECT                                                                               \
	SESSION_SELECT ", u.state AS user_state, u.factors, u.username, u.email, "                 \
		       "u.display_name, "                                                          \
		       "u.grants AS user_grants, u.language, t.name AS tenant_name, "              \
		       "m.grants AS tenant_grants "
#define FOUND_JOINS                                                                                \
	"LEFT JOIN user u ON u.id = s.user_id "                                                    \
	"LEFT JOIN membership m ON m.user_id = s.user_id AND m.tenant_id = s.tenant_id "           \
	"LEFT JOIN tenant t ON t.id = s.tenant_id "

#endif
