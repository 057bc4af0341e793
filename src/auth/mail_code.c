/* What is proven by mail: a code to type where it was asked for, and a link that goes anywhere. */
#include "mail_code.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "codec.h"
#include "db.h"
#include "throttle.h"

#define LINK_BYTES 16
/* 10^8 fits 42 times into 32 bits: what is above the last whole time is drawn again. */
#define CODES 100000000U
#define CODES_FAIR (UINT32_MAX / CODES * CODES)

struct draw {
	unsigned char code[MAIL_CODE_DIGITS];
	unsigned char link[LINK_BYTES];
};

static struct secret part_of(struct str s)
{
	return keyring_part(s.p, s.n);
}

/* What a digest is of: no label is another's, so that no value of one kind is one of another. */
struct labelled {
	struct str label;
	struct secret first, second;
};

static void digest_of(const struct auth_context *context, size_t root, struct labelled of,
		      struct digest *out)
{
	struct secret parts[] = {part_of(of.label), of.first, of.second};

	keyring_digest(context->keys, root, KEY_MAIL_CODE, parts, 3, out);
}

static size_t root_of(const struct auth_context *context, size_t i)
{
	return i < keyring_roots(context->keys) ? i : 0;
}

static void slot_of(const struct auth_context *context, size_t root, enum mail_purpose purpose,
		    struct secret whose, struct digest *out)
{
	unsigned char number = (unsigned char)purpose;

	digest_of(context, root, (struct labelled){STR("slot"), keyring_part(&number, 1), whose},
		  out);
}

static bool is_of_user(enum mail_purpose purpose)
{
	return purpose == MAIL_ADDRESS || purpose == MAIL_RESTORATION;
}

static void code_digest(const struct auth_context *context, size_t root, const struct id *id,
			const unsigned char *digits, struct digest *out)
{
	digest_of(context, root,
		  (struct labelled){STR("code"), keyring_part(id->b, ID_BYTES),
				    keyring_part(digits, MAIL_CODE_DIGITS)},
		  out);
}

static void link_digest(const struct auth_context *context, size_t root, const unsigned char *link,
			struct digest *out)
{
	digest_of(
		context, root,
		(struct labelled){STR("link"), keyring_part(link, LINK_BYTES), keyring_part("", 0)},
		out);
}

static void asker_digest(const struct auth_context *context, size_t root,
			 const struct mail_asker *asker, struct digest *out)
{
	unsigned char kind = (unsigned char)asker->kind;

	digest_of(context, root,
		  (struct labelled){STR("asker"), keyring_part(&kind, 1), part_of(asker->value)},
		  out);
}

int64_t mail_code_life(const struct config *config, enum mail_purpose purpose)
{
	switch (purpose) {
	case MAIL_RECOVERY:
		return CLOCK_HOUR;
	case MAIL_REGISTRATION:
	case MAIL_ADDRESS:
		return CLOCK_DAY;
	case MAIL_RESTORATION:
		return config->account.restorable;
	case MAIL_NOT_ME:
		return 2 * CLOCK_DAY;
	case MAIL_INVITATION:
		return config->account.invitation;
	default:
		return 0;
	}
}

static void draw_digits(unsigned char digits[MAIL_CODE_DIGITS])
{
	uint32_t number = UINT32_MAX;

	while (number >= CODES_FAIR)
		secret_random_bytes(&number, sizeof number);
	number %= CODES;
	for (size_t i = MAIL_CODE_DIGITS; i > 0; i--) {
		digits[i - 1] = (unsigned char)('0' + number % 10);
		number /= 10;
	}
}

static enum err show(const struct auth_context *context, const struct draw *draw,
		     struct mail_code_made *out)
{
	char link[CODEC_BASE64URL_LEN(LINK_BYTES) + 1];

	TRY(secret_from_str(context->arena,
			    (struct str){(const char *)draw->code, MAIL_CODE_DIGITS}, &out->code));
	codec_base64url(draw->link, LINK_BYTES, link);
	TRY(secret_from_str(context->arena, (struct str){link, MAIL_CODE_LINK}, &out->link));
	secret_wipe_bytes(link, sizeof link);
	return OK;
}

static struct secret whose(const struct mail_code_request *request, const struct id *id)
{
	if (request->purpose == MAIL_NOT_ME)
		return keyring_part(id->b, ID_BYTES);
	if (is_of_user(request->purpose))
		return keyring_part(request->user_id.b, ID_BYTES);
	return part_of(request->address);
}

static enum err store(const struct auth_context *context, struct db *db,
		      const struct mail_code_request *request, const struct draw *draw,
		      const struct mail_code_made *made)
{
	struct mail_code_row row = {
		.id = made->id,
		.purpose = request->purpose,
		.address = request->address,
		.user_id = request->user_id,
		.payload = str_is_present(request->payload) ? request->payload : STR(""),
		.language = str_is_present(request->language) ? request->language : STR(""),
		.created_at = context->now,
		.code_end = made->code_end,
		.expires_at = made->expires_at,
	};
	struct digest older;

	slot_of(context, 0, request->purpose, whose(request, &row.id), &row.slot_hash);
	code_digest(context, 0, &row.id, draw->code, &row.code_hash);
	link_digest(context, 0, draw->link, &row.link_hash);
	asker_digest(context, 0, &request->asker, &row.asker_hash);
	if (request->decoy) {
		secret_random_bytes(row.code_hash.b, DIGEST_BYTES);
		secret_random_bytes(row.link_hash.b, DIGEST_BYTES);
	}
	if (keyring_roots(context->keys) > 1) {
		slot_of(context, 1, request->purpose, whose(request, &row.id), &older);
		TRY(mail_code_store_delete_slot(db, &older));
	}
	return mail_code_store_put(db, &row);
}

enum err mail_code_put(const struct auth_context *context, struct db *db,
		       const struct mail_code_request *request, struct mail_code_made *out)
{
	struct mail_code_made made = {
		.id = id_random(),
		.code_end = context->now + MAIL_CODE_SPAN,
		.expires_at = context->now + mail_code_life(context->config, request->purpose),
	};
	struct draw draw;
	enum err e = OK;

	if (request->purpose == MAIL_NOTHING || request->purpose >= MAIL_PURPOSE_COUNT)
		return ERR_INTERNAL;
	draw_digits(draw.code);
	secret_random_bytes(draw.link, LINK_BYTES);
	e = store(context, db, request, &draw, &made);
	if (e == OK)
		e = show(context, &draw, &made);
	secret_wipe_bytes(&draw, sizeof draw);
	TRY(e);
	*out = made;
	return OK;
}

/* False: not digits, or not so many. */
static bool read_digits(struct str typed, unsigned char digits[MAIL_CODE_DIGITS])
{
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		char c = typed.p[i];

		if (c == ' ' || c == '-')
			continue;
		if (c < '0' || c > '9' || n == MAIL_CODE_DIGITS)
			return false;
		digits[n++] = (unsigned char)c;
	}
	return n == MAIL_CODE_DIGITS;
}

enum err mail_code_put_again(const struct auth_context *context, struct db *db,
			     const struct mail_code_request *request,
			     const struct mail_code_row *row, struct str shown)
{
	const struct mail_code_made made = {
		.id = id_random(),
		.code_end = context->now + MAIL_CODE_SPAN,
		.expires_at = context->now + MAIL_CODE_SPAN,
	};
	struct draw draw;
	enum err e = OK;

	draw_digits(draw.code);
	secret_random_bytes(draw.link, LINK_BYTES);
	if (!read_digits(shown, draw.code) &&
	    codec_base64url_decode(str_trim(shown), draw.link, LINK_BYTES) != OK)
		return ERR_INTERNAL;
	/* One link leads to one row. */
	e = mail_code_store_delete_slot(db, &row->slot_hash);
	if (e == OK)
		e = store(context, db, request, &draw, &made);
	secret_wipe_bytes(&draw, sizeof draw);
	return e;
}

enum err mail_code_withdraw(const struct auth_context *context, struct db *db,
			    enum mail_purpose purpose, struct str address, bool *withdrawn)
{
	struct digest hashes[KEYRING_ROOTS];
	struct mail_code_row row = {.purpose = MAIL_NOTHING};
	bool found = false;

	for (size_t i = 0; i < KEYRING_ROOTS; i++)
		slot_of(context, root_of(context, i), purpose, part_of(address), &hashes[i]);
	TRY(mail_code_store_find(db, context->arena, hashes, &row, &found));
	found = found && row.used_at == 0 && row.expires_at > context->now;
	if (found)
		TRY(mail_code_store_delete_slot(db, &row.slot_hash));
	*withdrawn = found;
	return OK;
}

static bool is_over(const struct auth_context *context, const struct mail_code_row *row,
		    int64_t end)
{
	return row->used_at > 0 || end <= context->now;
}

static bool is_asker(const struct auth_context *context, const struct mail_claim *claim,
		     const struct mail_code_row *row)
{
	bool same = false;

	for (size_t i = 0; i < KEYRING_ROOTS; i++) {
		struct digest digest;

		asker_digest(context, root_of(context, i), &claim->asker, &digest);
		same = digest_equal(&digest, &row->asker_hash) || same;
	}
	return same;
}

static bool is_code(const struct auth_context *context, const unsigned char *digits,
		    const struct mail_code_row *row)
{
	bool same = false;

	for (size_t i = 0; i < KEYRING_ROOTS; i++) {
		struct digest digest;

		code_digest(context, root_of(context, i), &row->id, digits, &digest);
		same = digest_equal(&digest, &row->code_hash) || same;
	}
	return same;
}

struct trying {
	const struct auth_context *context;
	struct digest hashes[KEYRING_ROOTS];
	bool taken;
};

static enum err try_work(struct db *db, void *opaque)
{
	struct trying *t = opaque;

	return mail_code_store_try(db, t->hashes, t->context->now, &t->taken);
}

/* What a claim comes to. */
struct finding {
	enum mail_verdict verdict;
	struct mail_code_row row;
	int64_t wait;
};

static enum err look_at_code(const struct auth_context *context, const struct mail_claim *claim,
			     const unsigned char *digits, enum mail_verdict *verdict,
			     struct mail_code_row *row)
{
	struct trying t = {.context = context};
	struct secret owner = is_of_user(claim->purpose) ? keyring_part(claim->user_id.b, ID_BYTES)
							 : part_of(claim->address);
	bool found = false;

	for (size_t i = 0; i < KEYRING_ROOTS; i++)
		slot_of(context, root_of(context, i), claim->purpose, owner, &t.hashes[i]);
	TRY(db_transact(context->db, try_work, &t));
	TRY(mail_code_store_find(context->db, context->arena, t.hashes, row, &found));
	*verdict = MAIL_WRONG;
	if (!found || !is_code(context, digits, row) || !is_asker(context, claim, row) ||
	    !str_equal(row->address, claim->address))
		return OK;
	if (is_over(context, row, row->code_end))
		*verdict = MAIL_OVER;
	else if (t.taken)
		*verdict = MAIL_RIGHT;
	return *verdict == MAIL_RIGHT ? mail_code_store_untry(context->db, &row->id) : OK;
}

static enum err check_code(const struct auth_context *context, const struct mail_claim *claim,
			   const unsigned char *digits, struct finding *out)
{
	struct throttle_ticket ticket = {.allowed = false};
	enum mail_verdict judged = MAIL_WRONG;
	enum err e = OK;

	TRY(throttle_take_code(context, claim->address, &ticket));
	out->wait = ticket.wait;
	if (!ticket.allowed) {
		out->verdict = MAIL_THROTTLED;
		return OK;
	}
	e = look_at_code(context, claim, digits, &judged, &out->row);
	if (e != OK)
		throttle_give_back(context, &ticket);
	TRY(e);
	if (judged == MAIL_RIGHT)
		TRY(throttle_succeed_code(context, &ticket));
	out->verdict = judged;
	return OK;
}

/* A row that was found by its link, or by the ticket of one. */
static enum mail_verdict judge_link(const struct auth_context *context,
				    const struct mail_claim *claim, const struct mail_code_row *row)
{
	if (row->purpose >= MAIL_PURPOSE_COUNT || (claim->links & 1U << row->purpose) == 0)
		return MAIL_WRONG;
	if (str_is_present(claim->address) && !str_equal(claim->address, row->address))
		return MAIL_WRONG;
	if (row->purpose == MAIL_ADDRESS && !id_equal(claim->user_id, row->user_id))
		return MAIL_WRONG;
	return is_over(context, row, row->expires_at) ? MAIL_OVER : MAIL_RIGHT;
}

static enum err check_link(const struct auth_context *context, const struct mail_claim *claim,
			   enum mail_verdict *verdict, struct mail_code_row *row)
{
	unsigned char link[LINK_BYTES];
	struct digest hashes[KEYRING_ROOTS];
	bool found = false;

	if (!id_is_none(claim->ticket)) {
		TRY(mail_code_store_find_id(context->db, context->arena, &claim->ticket, row,
					    &found));
	} else if (codec_base64url_decode(str_trim(claim->code), link, LINK_BYTES) == OK) {
		for (size_t i = 0; i < KEYRING_ROOTS; i++)
			link_digest(context, root_of(context, i), link, &hashes[i]);
		secret_wipe_bytes(link, sizeof link);
		TRY(mail_code_store_find_link(context->db, context->arena, hashes, row, &found));
	}
	*verdict = found ? judge_link(context, claim, row) : MAIL_WRONG;
	return OK;
}

enum err mail_code_check(const struct auth_context *context, const struct mail_claim *claim,
			 enum mail_verdict *verdict, struct mail_code_row *row, int64_t *wait)
{
	unsigned char digits[MAIL_CODE_DIGITS];
	struct finding found = {.verdict = MAIL_WRONG};

	if (id_is_none(claim->ticket) && read_digits(claim->code, digits) &&
	    claim->purpose != MAIL_NOTHING && str_is_present(claim->address)) {
		enum err e = check_code(context, claim, digits, &found);

		secret_wipe_bytes(digits, sizeof digits);
		TRY(e);
	} else {
		TRY(check_link(context, claim, &found.verdict, &found.row));
	}
	*wait = found.wait;
	*row = found.row;
	*verdict = found.verdict;
	return OK;
}

enum err mail_code_use(const struct auth_context *context, struct db *db,
		       const struct mail_code_row *row)
{
	bool used = false;

	TRY(mail_code_store_use(db, &row->id, context->now, &used));
	return used ? OK : ERR_CONFLICT;
}

static void ticket_digest(const struct auth_context *context, size_t root, const struct id *row,
			  struct str pre, struct digest *out)
{
	digest_of(context, root,
		  (struct labelled){STR("ticket"), keyring_part(row->b, ID_BYTES), part_of(pre)},
		  out);
}

enum err mail_code_ticket(const struct auth_context *context, const struct id *row, struct str pre,
			  struct str *out)
{
	struct digest digest;
	struct buf text;
	char mac[DIGEST_TEXT + 1];

	ticket_digest(context, 0, row, pre, &digest);
	codec_base64url(digest.b, DIGEST_BYTES, mac);
	buf_init(&text, context->arena, MAIL_CODE_TICKET_MAX);
	id_add(&text, *row);
	buf_add_char(&text, '.');
	buf_add(&text, (struct str){mac, DIGEST_TEXT});
	return buf_str(&text, out);
}

bool mail_code_read_ticket(const struct auth_context *context, struct str text, struct str pre,
			   struct id *row)
{
	struct str name = STR_NONE;
	struct str mac = STR_NONE;
	struct digest shown;
	struct digest digest;
	struct id id = ID_NONE;
	bool same = false;

	if (!str_is_present(pre) || !str_cut(text, '.', &name, &mac) || id_parse(name, &id) != OK ||
	    codec_base64url_decode(mac, shown.b, DIGEST_BYTES) != OK)
		return false;
	for (size_t i = 0; i < KEYRING_ROOTS; i++) {
		ticket_digest(context, root_of(context, i), &id, pre, &digest);
		same = digest_equal(&digest, &shown) || same;
	}
	if (same)
		*row = id;
	return same;
}
