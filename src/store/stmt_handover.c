/* The statements about hand-overs, and the notices of them. */
#include "handover_store.h"
#include "stmt_part.h"

static const struct col handover_cols[] = {
	{"code_hash", COL_DIGEST, offsetof(struct handover_row, code_hash), 0},
	{"challenge", COL_DIGEST, offsetof(struct handover_row, challenge), 0},
	{"receiver", COL_U32, offsetof(struct handover_row, receiver), 0},
	{"user_id", COL_ID, offsetof(struct handover_row, user_id), 0},
	{"session_id", COL_ID, offsetof(struct handover_row, session_id), 0},
	{"epoch", COL_U32, offsetof(struct handover_row, epoch), 0},
	{"created_at", COL_I64, offsetof(struct handover_row, created_at), 0},
	{"expires_at", COL_I64, offsetof(struct handover_row, expires_at), 0},
	{"used_at", COL_I64, offsetof(struct handover_row, used_at), 0},
};

const struct stmt_def stmt_part_handover[STMT_COUNT] = {
	DEF(STMT_HANDOVER_INSERT, .params = "bbibbiii", .roles = WEB,
	    .sql = "INSERT INTO handover (code_hash, challenge, receiver, user_id, session_id, "
		   "epoch, created_at, expires_at) VALUES (?,?,?,?,?,?,?,?)"),
	DEF(STMT_HANDOVER_FIND, .params = "bb", COLS(handover_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT code_hash, challenge, receiver, user_id, session_id, epoch, "
		   "created_at, expires_at, used_at FROM handover WHERE code_hash IN (?,?)"),
	DEF(STMT_HANDOVER_USE, .params = "ibi", .roles = WEB,
	    .sql = "UPDATE handover SET used_at = ? "
		   "WHERE code_hash = ? AND used_at IS NULL AND expires_at > ?"),
	DEF(STMT_HANDOVER_DELETE_OF_SESSION, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM handover WHERE session_id = ?"),
	DEF(STMT_HANDOVER_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM handover WHERE user_id = ?"),
	DEF(STMT_HANDOVER_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM handover WHERE expires_at < ? ORDER BY expires_at LIMIT ?"),
	DEF(STMT_OUTBOX_INSERT, .params = "bbbbbbiii", .roles = WEB,
	    .sql = "INSERT INTO outbox (id, kind, user_id, recipient, language, payload, root, "
		   "due_at, created_at) VALUES (?,?,?,?,?,?,?,?,?)"),
};
