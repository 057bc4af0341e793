/* One session in a list of a page. */
#include "session_item.h"

#include "buf.h"
#include "call.h"
#include "moment.h"
#include "template.h"
#include "user_agent.h"

#define LABEL_MAX 512

static enum err device_text(struct arena *arena, const struct session_row *row, struct str *out)
{
	struct buf text;
	buf_init(&text, arena, LABEL_MAX);
	if (row->device_name.n > 0)
		buf_add(&text, row->device_name);
	else
		user_agent_add_label(&text, row->user_agent);
	return buf_str(&text, out);
}

enum err session_item_device(struct call *call, const struct session_row *row, struct str *out)
{
	return device_text(call->arena, row, out);
}

static bool is_current(const struct call *call, const struct session_row *row)
{
	return id_equal(row->id, call->session.found.session.id);
}

struct row_texts {
	struct str id, device, signed_in_at, signed_in_at_iso, last_seen, last_seen_iso, ends_at;
};

static enum err row_texts(struct arena *arena, const struct session_row *row,
			  struct row_texts *texts)
{
	TRY(id_text(arena, row->id, &texts->id));
	TRY(device_text(arena, row, &texts->device));
	TRY(moment_text(arena, row->auth_time, &texts->signed_in_at));
	TRY(moment_iso(arena, row->auth_time, &texts->signed_in_at_iso));
	TRY(moment_text(arena, row->last_seen, &texts->last_seen));
	TRY(moment_iso(arena, row->last_seen, &texts->last_seen_iso));
	return moment_text(arena, row->expires_at, &texts->ends_at);
}

enum err session_item_add(struct call *call, const struct session_row *row,
			  struct template_data *data)
{
	struct row_texts texts;
	TRY(row_texts(call->arena, row, &texts));
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
