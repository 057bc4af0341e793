/* gatepost key list|rotate|retire|reseal */
#include "clock.h"
#include "codec.h"
#include "ctl.h"
#include "factor_reseal.h"
#include "output.h"
#include "signing_key.h"

static enum ctl_exit failed(const struct ctl *ctl, enum err e, const struct key_outcome *outcome)
{
	if (e == ERR_CONFIG && outcome->fault.text[0] != '\0')
		return ctl_say(CTL_UNAVAILABLE, "%s; nothing was done", outcome->fault.text);
	return ctl_failed(ctl, e);
}

static const char *alg_of(const struct key_row *row)
{
	return row->alg == SIGNING_ED25519 ? "Ed25519" : "EdDSA";
}

static struct str kid_in(char text[DIGEST_TEXT + 1], const struct key_row *row)
{
	codec_base64url(row->kid.b, DIGEST_BYTES, text);
	return (struct str){.p = text, .n = DIGEST_TEXT};
}

/* One that is gone has nothing to open. */
static bool opens(const struct ctl *ctl, const struct key_row *row, struct fault *fault)
{
	return row->state == KEY_GONE || signing_key_check(&ctl->auth, row, fault) == OK;
}

static void add_json(const struct ctl *ctl, struct json_out *json, const struct key_row *row)
{
	char kid[DIGEST_TEXT + 1];
	struct fault fault = {.text = ""};

	json_open_object(json, NULL);
	json_text(json, "kid", kid_in(kid, row));
	json_text(json, "state", str_of(key_state_name((enum key_state)row->state)));
	json_text(json, "alg", str_of(alg_of(row)));
	json_number(json, "root", row->root);
	json_bool(json, "opens", opens(ctl, row, &fault));
	json_time(json, "made_at", row->made_at);
	json_time(json, "active_at", row->active_at);
	json_time(json, "retiring_at", row->retiring_at);
	json_time(json, "gone_at", row->gone_at);
	json_close_object(json);
}

static void add_time(struct buf *buf, const char *what, int64_t at)
{
	if (at == 0)
		return;
	buf_addf(buf, "\t%s ", what);
	clock_add_rfc3339(buf, at);
}

static void add_text(const struct ctl *ctl, struct buf *buf, const struct key_row *row)
{
	char kid[DIGEST_TEXT + 1];
	struct fault fault = {.text = ""};

	buf_add(buf, kid_in(kid, row));
	buf_addf(buf, "\t%s\t%s\troot %u", key_state_name((enum key_state)row->state), alg_of(row),
		 row->root);
	add_time(buf, "made", row->made_at);
	add_time(buf, "active", row->active_at);
	add_time(buf, "retiring", row->retiring_at);
	add_time(buf, "gone", row->gone_at);
	if (!opens(ctl, row, &fault))
		buf_add(buf, STR("\tDOES NOT OPEN with this key file"));
	buf_add_char(buf, '\n');
}

enum ctl_exit cmd_key_list(struct ctl *ctl)
{
	struct key_rows keys;
	struct output output;
	enum err e = signing_key_list(&ctl->auth, &keys);

	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "keys");
	}
	for (size_t i = 0; i < keys.n; i++) {
		if (output.is_json)
			add_json(ctl, &output.json, &keys.rows[i]);
		else
			add_text(ctl, &output.buf, &keys.rows[i]);
	}
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}

static enum ctl_exit too_early(const struct ctl *ctl, int64_t from)
{
	struct str when = STR_NONE;
	struct buf buf;

	buf_init(&buf, ctl->auth.arena, 64);
	clock_add_rfc3339(&buf, from);
	enum err e = buf_str(&buf, &when);
	if (e != OK)
		return ctl_failed(ctl, e);
	return ctl_say(CTL_REFUSED,
		       "the next key is not published long enough: others may know it from %s on; "
		       "--now does not wait, and ends every access token",
		       when.p);
}

/* What stands in the way; CTL_FINE: nothing. */
static enum ctl_exit refuse(const struct ctl *ctl, const struct key_outcome *outcome)
{
	if (outcome->lost)
		return ctl_say(CTL_REFUSED, "somebody else changed the keys at this very moment; "
					    "nothing was done: look with gatepost key list");
	switch (outcome->verdict) {
	case KEY_ALLOWED:
		return CTL_FINE;
	case KEY_TOO_EARLY:
		return too_early(ctl, outcome->from);
	case KEY_IN_USE:
		return ctl_say(CTL_REFUSED, "that key signs now: gatepost key rotate puts the next "
					    "one in charge, --now at once");
	case KEY_UNKNOWN:
	case KEY_REFUSED:
	case KEY_VERDICT_COUNT:
		break;
	}
	return ctl_say(CTL_REFUSED, "there is no such key, or it is gone");
}

/* The keys as they are now. */
static enum ctl_exit answer(struct ctl *ctl, enum err e, const struct key_outcome *outcome)
{
	if (e != OK)
		return failed(ctl, e, outcome);
	enum ctl_exit code = refuse(ctl, outcome);
	return code == CTL_FINE ? cmd_key_list(ctl) : code;
}

enum ctl_exit cmd_key_rotate(struct ctl *ctl)
{
	struct key_outcome outcome = {.verdict = KEY_REFUSED};
	enum err e = ctl_given(ctl, CTL_NOW) ? signing_key_replace(&ctl->auth, &outcome)
					     : signing_key_rotate(&ctl->auth, &outcome);

	return answer(ctl, e, &outcome);
}

enum ctl_exit cmd_key_retire(struct ctl *ctl)
{
	struct key_outcome outcome = {.verdict = KEY_REFUSED};
	struct digest kid;

	if (!str_is_present(ctl->operand))
		return ctl_say(CTL_USAGE, "give the KID of a key; gatepost key list shows them");
	if (codec_base64url_decode(ctl->operand, kid.b, DIGEST_BYTES) != OK)
		return ctl_say(CTL_REFUSED, "this is not the name of a key");
	enum err e = signing_key_retire(&ctl->auth, &kid, &outcome);
	return answer(ctl, e, &outcome);
}

/* CTL_FINE: all that is there is under the newest root. */
static enum ctl_exit reseal_factors(struct ctl *ctl)
{
	struct factor_resealing done = {.resealed = 0};
	enum err e = factor_reseal(&ctl->auth, &done);

	if (e != OK)
		return ctl_failed(ctl, e);
	if (done.resealed > 0)
		(void)ctl_say(CTL_FINE, "%llu secrets of second factors were resealed",
			      (unsigned long long)done.resealed);
	if (done.shut == 0)
		return CTL_FINE;
	return ctl_say(CTL_UNAVAILABLE,
		       "%llu secrets of second factors stay as they are: %s; gatepost user "
		       "reset-factors takes one away",
		       (unsigned long long)done.shut, done.fault.text);
}

enum ctl_exit cmd_key_reseal(struct ctl *ctl)
{
	struct key_outcome outcome = {.verdict = KEY_REFUSED};
	enum err e = signing_key_reseal(&ctl->auth, &outcome);
	enum ctl_exit code = answer(ctl, e, &outcome);
	enum ctl_exit factors = code == CTL_FINE ? reseal_factors(ctl) : CTL_FINE;

	return code == CTL_FINE ? factors : code;
}
