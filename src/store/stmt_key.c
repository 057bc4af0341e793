/* The statements about signing keys. */
#include "key_store.h"
#include "stmt_part.h"

static const struct col turn_cols[] = {{"value", COL_I64, 0, 0}};
static const struct col key_cols[] = {
	{"kid", COL_DIGEST, offsetof(struct key_row, kid), 0},
	{"state", COL_U32, offsetof(struct key_row, state), 0},
	{"alg", COL_U32, offsetof(struct key_row, alg), 0},
	{"public_key", COL_DIGEST, offsetof(struct key_row, public_key), 0},
	{"root", COL_U32, offsetof(struct key_row, root), 0},
	{"seed", COL_SECRET, offsetof(struct key_row, seed), 72},
	{"made_at", COL_I64, offsetof(struct key_row, made_at), 0},
	{"active_at", COL_I64, offsetof(struct key_row, active_at), 0},
	{"retiring_at", COL_I64, offsetof(struct key_row, retiring_at), 0},
	{"gone_at", COL_I64, offsetof(struct key_row, gone_at), 0},
};

const struct stmt_def stmt_part_key[STMT_COUNT] = {
	DEF(STMT_SIGNING_TURN_FIND, .params = "", COLS(turn_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT turn AS value FROM signing_turn WHERE only = 1"),
	DEF(STMT_SIGNING_TURN_ENSURE, .params = "", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT IGNORE INTO signing_turn (only, turn) VALUES (1,0)"),
	DEF(STMT_SIGNING_TURN_TAKE, .params = "i", .roles = WEB,
	    .sql = "UPDATE signing_turn SET turn = turn + 1 WHERE only = 1 AND turn = ?"),
	DEF(STMT_SIGNING_KEY_LIST, .params = "ii", COLS(key_cols), .kind = STMT_READ,
	    .roles = WEB | GUARD,
	    .sql = "SELECT kid, state, alg, public_key, root, seed, made_at, active_at, "
		   "retiring_at, gone_at FROM signing_key WHERE state <= ? "
		   "ORDER BY made_at DESC, kid LIMIT ?"),
	DEF(STMT_SIGNING_KEY_INSERT, .params = "biibibii", .roles = WEB,
	    .sql = "INSERT INTO signing_key (kid, state, alg, public_key, root, seed, made_at, "
		   "active_at) VALUES (?,?,?,?,?,?,?,?)"),
	DEF(STMT_SIGNING_KEY_SET, .params = "iibiiib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE signing_key SET state = ?, root = ?, seed = ?, active_at = ?, "
		   "retiring_at = ?, gone_at = ? WHERE kid = ?"),
	/* What a root that is to go may have hashed. */
	DEF(STMT_SESSION_COUNT_BEFORE, .params = "i", COLS(turn_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = "SELECT COUNT(*) AS value FROM session WHERE created_at < ?"),
	DEF(STMT_SIGNING_KEY_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM signing_key WHERE gone_at < ? ORDER BY gone_at LIMIT ?"),
};
