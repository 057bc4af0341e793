/* Whether the server lives, and with ?ready whether it can work. */
#include "answer.h"
#include "call.h"
#include "db.h"
#include "handlers.h"

enum err api_health_show(struct call *call)
{
	bool ready = str_is_present(call_query(call, "ready"));
	struct json_out out;
	struct fault fault;
	if (ready)
		TRY(db_connect(call->auth.db, &fault));
	answer_json_begin(call, 200, &out);
	json_text(&out, "status", STR("ok"));
	if (ready)
		json_text(&out, "database", STR("ok"));
	return answer_json_end(call, &out);
}
