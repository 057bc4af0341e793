/* The hash lane: the crew of low priority, two threads for each hash slot, that computes hashes. */
#include "lane.h"

#include "dispatch.h"

#define LANE_NICE 10 /* checks of sessions come first */

bool lane_has_room(size_t waiting, unsigned threads, int64_t average)
{
	if (waiting >= LANE_DEPTH)
		return false;
	return waiting < LANE_ALWAYS || (int64_t)waiting * average / threads <= LANE_WAIT;
}

static bool serve(const void *caller, struct call *call, struct connections *connections,
		  enum err ready)
{
	(void)caller;
	if (ready == OK)
		dispatch_finish(call, &connections->open);
	else
		dispatch_refuse(call, call->app);
	return true;
}

enum err lane_open(struct app_box *box, unsigned threads, struct crew **out)
{
	struct crew_plan plan = {
		.threads = threads,
		.nice = LANE_NICE,
		.with_hash = true,
		.queue = METER_HASHES,
		.has_room = lane_has_room,
		.serve = serve,
	};
	return crew_open(box, &plan, out);
}
