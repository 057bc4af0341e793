/* One session in a list of a page. */
#include "session_item.h"

#include "call.h"
#include "moment.h"
#include "say.h"
#include "template.h"

static enum err device_text(struct call *call, const struct session_row *row, struct str *out)
{
	if (row->device_name.n == 0)
		return say_device(call, row->user_agent, out);
	*out = row->device_name;
	return OK;
}

enum err session_item_device(struct call *call, const struct session_row *row, struct str *out)
{
	return device_text(call, row, out);
}

static bool is_current(const struct call *call, const struct session_row *row)
{
	return id_equal(row->id, call->session.found.session.id);
}

struct row_texts {
	struct str id, device, signed_in_at, signed_in_at_iso, last_seen, last_seen_iso, ends_at;
};

static enum err row_texts(struct call *call, const struct session_row *row, struct row_texts *texts)
{
	TRY(id_text(call->arena, row->id, &texts->id));
	TRY(device_text(call, row, &texts->device));
	TRY(say_time(call, row->auth_time, &texts->signed_in_at));
	TRY(moment_iso(call->arena, row->auth_time, &texts->signed_in_at_iso));
	TRY(say_time(call, row->last_seen, &texts->last_seen));
	TRY(moment_iso(call->arena, row->last_seen, &texts->last_seen_iso));
	return say_time(call, row->expires_at, &texts->ends_at);
}

enum err session_item_add(struct call *call, const struct session_row *row,
			  struct template_data *data)
{
	struct row_texts texts;
	TRY(row_texts(call, row, &texts));
	struct template_data *item = template_item(data, "sessions");
	template_text(item, "id", texts.id);
	template_text(item, "device", texts.device);
	template_text(item, "place", row->ip);
	template_text(item, "client", row->client);
	template_text(item, "signed_in_at", texts.signed_in_at);
	template_text(item, "signed_in_at_iso", texts.signed_in_at_iso);
	template_text(item, "last_seen", texts.last_seen);
	template_text(item, "last_seen_iso", texts.last_seen_iso);
	template_text(item, "ends_at", texts.ends_at);
	template_flag(item, "current", is_current(call, row));
	return OK;
}
