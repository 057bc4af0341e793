/* What is counted of requests and queues, and where all counters stand. */
#include "meter.h"

#include "authorizer.h"
#include "call.h"
#include "counters.h"
#include "survey.h"
#include "tally.h"

#define BUCKETS (METER_BOUNDS + 1)
#define FORM STR("1") /* of what is not told by names: cells, gauges */

enum { PLACE_UNKNOWN = 0, PLACE_AUTHORIZER, PLACES_MORE };

/* The likely ones first. */
static const int STATUSES[METER_STATUSES - 1] = {
	200, 303, 401, 201, 204, 304, 403, 404, 400, 429, 503, 202, 405,
	406, 409, 410, 412, 413, 415, 421, 422, 428, 431, 500, 502,
};
static const char *const STATUS_TEXTS[METER_STATUSES] = {
	"200", "303", "401", "201", "204", "304", "403", "404", "400", "429", "503", "202", "405",
	"406", "409", "410", "412", "413", "415", "421", "422", "428", "431", "500", "502", "other",
};
static const int64_t BOUNDS[METER_BOUNDS] = {
	500,    1000,   2500,   5000,    10000,   25000,   50000,
	100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};
static const char *const QUEUES[METER_QUEUE_COUNT] = {
	[METER_HASHES] = "hash",
	[METER_REQUESTS] = "request",
	[METER_GUARDED] = "guard",
};

const char *meter_queue_name(enum meter_queue queue)
{
	return QUEUES[queue];
}

const char *meter_status_text(size_t status)
{
	return STATUS_TEXTS[status];
}

const int64_t *meter_bounds(void)
{
	return BOUNDS;
}

size_t meter_places(void)
{
	return routes_count() + PLACES_MORE;
}

const char *meter_place_method(size_t place)
{
	const struct route *route = routes_at(place);

	return route != NULL ? method_name(route->method) : "-";
}

const char *meter_place_route(size_t place)
{
	const struct route *route = routes_at(place);

	if (route != NULL)
		return route->path;
	return place == routes_count() + PLACE_AUTHORIZER ? authorizer_route.path : "(unknown)";
}

size_t meter_requests_at(size_t place, size_t status)
{
	return TALLY_END + place * METER_STATUSES + status;
}

size_t meter_bucket_at(size_t place, size_t bucket)
{
	return meter_requests_at(meter_places(), 0) + place * BUCKETS + bucket;
}

size_t meter_sum_at(size_t place)
{
	return meter_bucket_at(meter_places(), 0) + place;
}

size_t meter_refused_at(enum meter_queue queue)
{
	return meter_sum_at(meter_places()) + queue;
}

size_t meter_waiting_at(enum meter_queue queue)
{
	return (size_t)queue * 2;
}

size_t meter_running_at(enum meter_queue queue)
{
	return (size_t)queue * 2 + 1;
}

/* Whatever has another meaning in another version has another name. */
static uint64_t layout(void)
{
	uint64_t hash = counters_layout(COUNTERS_LAYOUT, FORM);

	for (size_t i = 0; i < DB_COUNT_KINDS; i++)
		hash = counters_layout(hash, str_of(db_count_name((enum db_count)i)));
	for (size_t i = 0; i < DB_ROLE_COUNT; i++)
		hash = counters_layout(hash, str_of(db_role_name((enum db_role)i)));
	for (size_t i = 0; i < AUDIT_KIND_COUNT; i++)
		hash = counters_layout(hash, str_of(audit_kind_name((enum audit_kind)i)));
	for (size_t i = 0; i < THROTTLE_BUCKET_COUNT; i++)
		hash = counters_layout(hash, str_of(throttle_policy_name((enum throttle_bucket)i)));
	for (size_t i = 0; i < meter_places(); i++) {
		hash = counters_layout(hash, str_of(meter_place_method(i)));
		hash = counters_layout(hash, str_of(meter_place_route(i)));
	}
	for (size_t i = 0; i < METER_STATUSES; i++)
		hash = counters_layout(hash, str_of(STATUS_TEXTS[i]));
	hash = counters_layout(hash, (struct str){(const char *)BOUNDS, sizeof BOUNDS});
	for (size_t i = 0; i < METER_QUEUE_COUNT; i++)
		hash = counters_layout(hash, str_of(QUEUES[i]));
	for (size_t i = 0; i < SURVEY_TABLES; i++)
		hash = counters_layout(hash, str_of(survey_table_name(i)));
	return hash;
}

enum err meter_open(const struct config *config, bool stays, struct counters **out,
		    struct fault *why)
{
	const struct counters_plan plan = {
		.dir = config->server.run_dir.p,
		.layout = layout(),
		.counts = meter_refused_at(METER_QUEUE_COUNT),
		.gauges = (size_t)METER_QUEUE_COUNT * 2,
		.cells = METER_SURVEY + SURVEY_VALUES,
		.stays = stays,
	};
	return counters_open(&plan, out, why);
}

static size_t place_of(const struct route_match *match)
{
	if (match->route == NULL)
		return routes_count() + PLACE_UNKNOWN;
	if (match->route == &authorizer_route)
		return routes_count() + PLACE_AUTHORIZER;
	return match->index;
}

static size_t status_of(int status)
{
	size_t i = 0;

	while (i < METER_STATUSES - 1 && STATUSES[i] != status)
		i++;
	return i;
}

static size_t bucket_of(int64_t took)
{
	size_t i = 0;

	while (i < METER_BOUNDS && took > BOUNDS[i])
		i++;
	return i;
}

void meter_request(const struct call *call, int64_t took)
{
	struct counters *counters = call->app->counters;
	size_t place = place_of(&call->match);

	counters_add(counters, meter_requests_at(place, status_of(call->response.status)), 1);
	counters_add(counters, meter_bucket_at(place, bucket_of(took)), 1);
	counters_add(counters, meter_sum_at(place), (uint64_t)took);
}

void meter_queue(struct counters *counters, enum meter_queue queue, size_t waiting, size_t running)
{
	counters_set(counters, meter_waiting_at(queue), (int64_t)waiting);
	counters_set(counters, meter_running_at(queue), (int64_t)running);
}

void meter_refused(struct counters *counters, enum meter_queue queue)
{
	counters_add(counters, meter_refused_at(queue), 1);
}
