/* gatepost throttle list|clear */
#include "clock.h"
#include "codec.h"
#include "ctl.h"
#include "output.h"
#include "throttle_admin.h"
#include "throttle_policy.h"

/* So much of a key tells one counter from another. */
#define KEY_SHOWN 8

/* How many of the three options were given. */
static unsigned given(const struct ctl *ctl)
{
	return (ctl_given(ctl, CTL_USER) ? 1U : 0U) + (ctl_given(ctl, CTL_SOURCE) ? 1U : 0U) +
	       (ctl_given(ctl, CTL_ALL) ? 1U : 0U);
}

static struct throttle_choice choice_of(const struct ctl *ctl)
{
	return (struct throttle_choice){
		.user = ctl_value(ctl, CTL_USER),
		.source = ctl_value(ctl, CTL_SOURCE),
	};
}

static enum ctl_exit failed(const struct ctl *ctl, enum err e)
{
	if (e == ERR_INPUT)
		return ctl_say(CTL_REFUSED, "this is not the address of a source");
	return ctl_failed(ctl, e);
}

static const char *name_of(const struct throttle_view *view)
{
	return throttle_policy_name((enum throttle_bucket)view->row.bucket);
}

static void add_json(struct json_out *json, const struct throttle_view *view, struct str key,
		     int64_t now)
{
	json_open_object(json, NULL);
	json_text(json, "kind", str_of(name_of(view)));
	json_text(json, "key", key);
	json_number(json, "failures", view->row.failures);
	json_number(json, "short_count", view->row.short_count);
	json_number(json, "long_count", view->row.long_count);
	json_time(json, "last_at", view->row.last_at);
	json_bool(json, "refuses", view->wait > 0 || view->lost);
	if (view->wait > 0)
		json_time(json, "until", now + view->wait);
	json_close_object(json);
}

static void add_text(struct buf *buf, const struct throttle_view *view, struct str key, int64_t now)
{
	const struct throttle_row *row = &view->row;

	buf_add(buf, str_of(name_of(view)));
	buf_add_char(buf, '\t');
	buf_add(buf, key);
	if (row->bucket == THROTTLE_SOURCE)
		buf_addf(buf, "\t%u in 10 minutes, %u in a day", row->short_count, row->long_count);
	else if (row->bucket == THROTTLE_GUEST)
		buf_addf(buf, "\t%u in an hour", row->short_count);
	else
		buf_addf(buf, "\t%u in a row", row->failures);
	buf_add(buf, STR("\tlast "));
	clock_add_rfc3339(buf, row->last_at);
	if (view->wait > 0) {
		buf_add(buf, STR("\trefused until "));
		clock_add_rfc3339(buf, now + view->wait);
	} else if (view->lost) {
		buf_add(buf, STR("\tnot known any more"));
	}
	buf_add_char(buf, '\n');
}

static enum err add_view(struct ctl *ctl, struct output *output, const struct throttle_view *view)
{
	struct str key = STR_NONE;
	struct buf hex;

	buf_init(&hex, ctl->auth.arena, (size_t)2 * KEY_SHOWN);
	codec_add_hex(&hex, view->row.key.b, KEY_SHOWN);
	TRY(buf_str(&hex, &key));
	if (output->is_json)
		add_json(&output->json, view, key, ctl->auth.now);
	else
		add_text(&output->buf, view, key, ctl->auth.now);
	return OK;
}

static enum err add_all(struct ctl *ctl, struct output *output)
{
	struct throttle_choice choice = choice_of(ctl);
	struct throttle_view views[THROTTLE_PAGE];
	struct digest after = {{0}};
	size_t n = THROTTLE_PAGE;

	while (n == THROTTLE_PAGE) {
		TRY(throttle_admin_list(&ctl->auth, &choice, &after, views, &n));
		for (size_t i = 0; i < n; i++)
			TRY(add_view(ctl, output, &views[i]));
		if (n > 0)
			after = views[n - 1].row.key;
	}
	return OK;
}

enum ctl_exit cmd_throttle_list(struct ctl *ctl)
{
	struct output output;

	if (given(ctl) > 1)
		return ctl_say(CTL_USAGE, "give at most one of: --user USER, --source ADDRESS, "
					  "--all");
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "counters");
	}
	enum err e = add_all(ctl, &output);
	if (e != OK)
		return failed(ctl, e);
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}

enum ctl_exit cmd_throttle_clear(struct ctl *ctl)
{
	struct throttle_choice choice = choice_of(ctl);
	struct output output;
	uint64_t n = 0;

	if (given(ctl) != 1)
		return ctl_say(CTL_USAGE, "give one of: --user USER, --source ADDRESS, --all");
	enum err e = throttle_admin_clear(&ctl->auth, &choice, &n);
	if (e != OK)
		return failed(ctl, e);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "cleared", (int64_t)n);
		json_close_object(&output.json);
	} else {
		buf_add_u64(&output.buf, n);
		buf_add(&output.buf,
			n == 1 ? STR(" counter cleared\n") : STR(" counters cleared\n"));
	}
	return output_end(&output);
}
