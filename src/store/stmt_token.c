/* The statements about families of refresh tokens. */
#include "stmt_part.h"
#include "stmt_session.h"
#include "token_store.h"

#define TOKEN(member) offsetof(struct token_found, token.member)
#define FAMILY(member) offsetof(struct token_found, family.member)

static const struct col token_cols[] = {
	FOUND_COLS(struct token_found, session.),
	{"token_hash", COL_DIGEST, TOKEN(hash), 0},
	{"token_session", COL_ID, TOKEN(session_id), 0},
	{"token_pair", COL_ID, TOKEN(pair_id), 0},
	{"issued_at", COL_I64, TOKEN(issued_at), 0},
	{"token_end", COL_I64, TOKEN(expires_at), 0},
	{"used_at", COL_I64, TOKEN(used_at), 0},
	{"replaced_at", COL_I64, TOKEN(replaced_at), 0},
	{"nonce", COL_ID, TOKEN(nonce), 0},
	{"child_hash", COL_DIGEST, TOKEN(child_hash), 0},
	{"presenter", COL_DIGEST, TOKEN(presenter), 0},
	{"family_session", COL_ID, FAMILY(session_id), 0},
	{"family_user", COL_ID, FAMILY(user_id), 0},
	{"family_client", COL_STR, FAMILY(client), 64},
	{"family_begun", COL_I64, FAMILY(created_at), 0},
	{"family_end", COL_I64, FAMILY(expires_at), 0},
	{"ended_at", COL_I64, FAMILY(ended_at), 0},
	{"child_pair", COL_ID, offsetof(struct token_found, child_pair), 0},
	{"child_used_at", COL_I64, offsetof(struct token_found, child_used_at), 0},
};

const struct stmt_def stmt_part_token[STMT_COUNT] = {
	DEF(STMT_TOKEN_FIND, .params = "bb", COLS(token_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = FOUND_SELECT
	    ", r.hash AS token_hash, r.session_id AS token_session, r.pair_id AS token_pair, "
	    "r.issued_at, r.expires_at AS token_end, r.used_at, r.replaced_at, r.nonce, "
	    "r.child_hash, r.presenter, f.session_id AS family_session, "
	    "f.user_id AS family_user, f.client AS family_client, "
	    "f.created_at AS family_begun, f.expires_at AS family_end, f.ended_at, "
	    "c.pair_id AS child_pair, COALESCE(c.used_at, c.replaced_at) AS child_used_at "
	    "FROM refresh_token r JOIN token_family f ON f.session_id = r.session_id "
	    "LEFT JOIN refresh_token c ON c.hash = r.child_hash "
	    "LEFT JOIN session s ON s.id = r.session_id " FOUND_JOINS "WHERE r.hash IN (?,?)"),
	DEF(STMT_TOKEN_FAMILY_ENSURE, .params = "bbbii", .roles = WEB,
	    .sql = "INSERT INTO token_family (session_id, user_id, client, created_at, expires_at) "
		   "VALUES (?,?,?,?,?) ON DUPLICATE KEY UPDATE user_id = VALUES(user_id), "
		   "client = VALUES(client), expires_at = VALUES(expires_at), ended_at = NULL"),
	DEF(STMT_TOKEN_REPLACE, .params = "ib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE refresh_token SET replaced_at = ? "
		   "WHERE session_id = ? AND used_at IS NULL AND replaced_at IS NULL"),
	DEF(STMT_TOKEN_INSERT, .params = "bbbii", .roles = WEB,
	    .sql = "INSERT INTO refresh_token (hash, session_id, pair_id, issued_at, expires_at) "
		   "VALUES (?,?,?,?,?)"),
	/* The lock that every other end of the session waits for, on every node of a cluster. */
	DEF(STMT_TOKEN_TOUCH_SESSION, .params = "iibbi", .roles = WEB,
	    .sql = "UPDATE session SET last_seen = ?, idle_end = ?, value_used = 0, pair_id = ?, "
		   "turns = turns + 1 WHERE id = ? AND epoch = ? AND held = 0"),
	DEF(STMT_TOKEN_USE, .params = "ibbbb", .roles = WEB,
	    .sql = "UPDATE refresh_token r JOIN token_family f ON f.session_id = r.session_id "
		   "SET r.used_at = ?, r.nonce = ?, r.child_hash = ?, r.presenter = ? "
		   "WHERE r.hash = ? AND r.used_at IS NULL AND r.replaced_at IS NULL "
		   "AND f.ended_at IS NULL"),
	DEF(STMT_TOKEN_FAMILY_END, .params = "ib", .roles = WEB,
	    .sql = "UPDATE token_family SET ended_at = ? WHERE session_id = ? "
		   "AND ended_at IS NULL"),
	DEF(STMT_TOKEN_FAMILY_END_OF_USER, .params = "ib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE token_family SET ended_at = ? WHERE user_id = ? "
		   "AND ended_at IS NULL"),
	DEF(STMT_TOKEN_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE r, f FROM token_family f "
		   "LEFT JOIN refresh_token r ON r.session_id = f.session_id WHERE f.user_id = ?"),
	DEF(STMT_TOKEN_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM refresh_token WHERE expires_at < ? ORDER BY expires_at LIMIT ?"),
	DEF(STMT_TOKEN_FAMILY_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM token_family WHERE expires_at < ? ORDER BY expires_at LIMIT ?"),
};
