/* All metrics as one text: no label has a value that people could choose. */
#include "metrics_text.h"

#include "buf.h"
#include "clock.h"
#include "counters.h"
#include "meter.h"
#include "prometheus.h"
#include "survey.h"
#include "tally.h"

/* Of an older look at the database nobody should judge. */
#define SURVEY_LIFE (10 * CLOCK_MINUTE)

/* Where the text goes, and what it is made of. */
struct page {
	struct buf *buf;
	const struct counters *counters;
	struct counters_live live;
	int64_t now;
};

#define LABELS(...)                                                                                \
	((struct prometheus_labels){                                                               \
		.list = (const struct prometheus_label[]){__VA_ARGS__},                            \
		.n = sizeof((const struct prometheus_label[]){__VA_ARGS__}) /                      \
		     sizeof(struct prometheus_label),                                              \
	})
#define LABEL(label, text)                                                                         \
	{                                                                                          \
		.name = (label), .value = str_of(text)                                             \
	}

static void add_one(struct page *page, const struct prometheus_family *family, int64_t value)
{
	prometheus_head(page->buf, family);
	prometheus_sample(page->buf, family, PROMETHEUS_NO_LABELS, value);
}

static int64_t count_of(const struct page *page, size_t count)
{
	return (int64_t)counters_count(page->counters, count);
}

static void add_requests_to(struct page *page, const struct prometheus_family *family, size_t place)
{
	for (size_t i = 0; i < METER_STATUSES; i++) {
		int64_t count = count_of(page, meter_requests_at(place, i));
		if (count > 0)
			prometheus_sample(page->buf, family,
					  LABELS(LABEL("method", meter_place_method(place)),
						 LABEL("route", meter_place_route(place)),
						 LABEL("status", meter_status_text(i))),
					  count);
	}
}

static void add_requests(struct page *page)
{
	static const struct prometheus_family family = {
		.name = "gatepost_http_requests_total",
		.help = "Requests that were answered.",
	};

	prometheus_head(page->buf, &family);
	for (size_t place = 0; place < meter_places(); place++)
		add_requests_to(page, &family, place);
}

static void add_duration(struct page *page, const struct prometheus_family *family, size_t place)
{
	uint64_t counts[METER_BOUNDS + 1];
	uint64_t all = 0;

	for (size_t i = 0; i <= METER_BOUNDS; i++) {
		counts[i] = counters_count(page->counters, meter_bucket_at(place, i));
		all += counts[i];
	}
	if (all == 0)
		return;
	prometheus_histogram(page->buf, family,
			     LABELS(LABEL("method", meter_place_method(place)),
				    LABEL("route", meter_place_route(place))),
			     &(struct prometheus_histogram){
				     .bounds = meter_bounds(),
				     .counts = counts,
				     .bounds_count = METER_BOUNDS,
				     .sum = counters_count(page->counters, meter_sum_at(place)),
			     });
}

static void add_durations(struct page *page)
{
	static const struct prometheus_family family = {
		.name = "gatepost_http_request_duration_seconds",
		.help = "From reading a request to having sent its answer.",
		.kind = PROMETHEUS_HISTOGRAM,
	};

	prometheus_head(page->buf, &family);
	for (size_t place = 0; place < meter_places(); place++)
		add_duration(page, &family, place);
}

static void add_queues(struct page *page)
{
	static const struct prometheus_family waiting = {
		.name = "gatepost_queue_waiting",
		.help = "Requests that wait for a thread; hash: those that need a password hash.",
		.kind = PROMETHEUS_GAUGE,
	};
	static const struct prometheus_family running = {
		.name = "gatepost_queue_running",
		.help = "Requests that a thread of the queue has in hand.",
		.kind = PROMETHEUS_GAUGE,
	};
	static const struct prometheus_family refused = {
		.name = "gatepost_queue_refused_total",
		.help = "Requests that found no place in the queue.",
	};

	prometheus_head(page->buf, &waiting);
	for (unsigned q = 0; q < METER_QUEUE_COUNT; q++)
		prometheus_sample(page->buf, &waiting, LABELS(LABEL("queue", meter_queue_name(q))),
				  counters_gauge(page->counters, &page->live, meter_waiting_at(q)));
	prometheus_head(page->buf, &running);
	for (unsigned q = 0; q < METER_QUEUE_COUNT; q++)
		prometheus_sample(page->buf, &running, LABELS(LABEL("queue", meter_queue_name(q))),
				  counters_gauge(page->counters, &page->live, meter_running_at(q)));
	prometheus_head(page->buf, &refused);
	for (unsigned q = 0; q < METER_QUEUE_COUNT; q++)
		prometheus_sample(page->buf, &refused, LABELS(LABEL("queue", meter_queue_name(q))),
				  count_of(page, meter_refused_at(q)));
}

static void add_throttled(struct page *page)
{
	static const struct prometheus_family family = {
		.name = "gatepost_throttled_total",
		.help = "Attempts that were told to wait, by what had been tried too often.",
	};

	prometheus_head(page->buf, &family);
	for (unsigned b = THROTTLE_NONE + 1; b < THROTTLE_BUCKET_COUNT; b++)
		prometheus_sample(page->buf, &family,
				  LABELS(LABEL("bucket", throttle_policy_name(b))),
				  count_of(page, TALLY_THROTTLED + b));
}

static void add_events(struct page *page)
{
	static const struct prometheus_family family = {
		.name = "gatepost_events_total",
		.help = "Decisions, as the audit trail calls them.",
	};

	prometheus_head(page->buf, &family);
	for (unsigned k = 0; k < AUDIT_KIND_COUNT; k++)
		prometheus_sample(page->buf, &family,
				  LABELS(LABEL("event", audit_kind_name(k)),
					 LABEL("outcome", audit_kind_outcome(k))),
				  count_of(page, TALLY_EVENTS + k));
}

/* The accounts that a worker has connections of. */
static bool is_watched(unsigned role)
{
	return role == DB_ROLE_WEB || role == DB_ROLE_HASH || role == DB_ROLE_GUARD;
}

static void add_errors_of(struct page *page, const struct prometheus_family *family,
			  enum db_role role)
{
	for (unsigned i = DB_COUNT_CONNECTED + 1; i < DB_COUNT_KINDS; i++)
		prometheus_sample(page->buf, family,
				  LABELS(LABEL("account", db_role_name(role)),
					 LABEL("error", db_count_name(i))),
				  count_of(page, db_count_place(role, i)));
}

static void add_database(struct page *page)
{
	static const struct prometheus_family opened = {
		.name = "gatepost_database_connections_opened_total",
		.help = "Connections that were opened.",
	};
	static const struct prometheus_family errors = {
		.name = "gatepost_database_errors_total",
		.help = "connect: none could be opened. lost: one broke. contended: rolled back "
			"for "
			"another's lock, and mostly run again. refused: the server is full, slow "
			"or "
			"read-only. failed: a defect.",
	};

	prometheus_head(page->buf, &opened);
	for (unsigned role = 0; role < DB_ROLE_COUNT; role++)
		if (is_watched(role))
			prometheus_sample(page->buf, &opened,
					  LABELS(LABEL("account", db_role_name(role))),
					  count_of(page, db_count_place(role, DB_COUNT_CONNECTED)));
	prometheus_head(page->buf, &errors);
	for (unsigned role = 0; role < DB_ROLE_COUNT; role++)
		if (is_watched(role))
			add_errors_of(page, &errors, role);
}

static int64_t surveyed(const struct page *page, size_t value)
{
	return counters_cell(page->counters, METER_SURVEY + value);
}

static void add_rows(struct page *page)
{
	static const struct prometheus_family family = {
		.name = "gatepost_table_rows",
		.help = "Rows, as the database estimates them.",
		.kind = PROMETHEUS_GAUGE,
	};

	prometheus_head(page->buf, &family);
	for (size_t i = 0; i < SURVEY_TABLES; i++)
		prometheus_sample(page->buf, &family, LABELS(LABEL("table", survey_table_name(i))),
				  surveyed(page, SURVEY_ROWS + i));
}

static void add_mails(struct page *page)
{
	static const struct prometheus_family family = {
		.name = "gatepost_mails",
		.help = "Mails that wait, and that could not be sent at all; counted up to 10000.",
		.kind = PROMETHEUS_GAUGE,
	};

	prometheus_head(page->buf, &family);
	prometheus_sample(page->buf, &family, LABELS(LABEL("state", "waiting")),
			  surveyed(page, SURVEY_MAILS_WAITING));
	prometheus_sample(page->buf, &family, LABELS(LABEL("state", "dead")),
			  surveyed(page, SURVEY_MAILS_DEAD));
}

static void add_key(struct page *page)
{
	static const struct prometheus_family family = {
		.name = "gatepost_signing_key_age_seconds",
		.help = "How long the active signing key has been active.",
		.kind = PROMETHEUS_GAUGE,
	};
	int64_t since = surveyed(page, SURVEY_KEY_SINCE);

	if (since == 0)
		return;
	prometheus_head(page->buf, &family);
	prometheus_seconds(page->buf, &family, PROMETHEUS_NO_LABELS, page->now - since);
}

static void add_survey(struct page *page)
{
	static const struct prometheus_family family = {
		.name = "gatepost_database_read_timestamp_seconds",
		.help = "When rows, mails and keys were last looked at; 0: never.",
		.kind = PROMETHEUS_GAUGE,
	};
	int64_t done = counters_cell(page->counters, METER_SURVEY_DONE);

	prometheus_head(page->buf, &family);
	prometheus_seconds(page->buf, &family, PROMETHEUS_NO_LABELS, done);
	if (done == 0 || page->now - done > SURVEY_LIFE || done - page->now > SURVEY_LIFE)
		return;
	add_rows(page);
	add_mails(page);
	add_key(page);
}

static void add_start(struct page *page, const struct prometheus_family *family, int64_t at)
{
	prometheus_head(page->buf, family);
	prometheus_seconds(page->buf, family, PROMETHEUS_NO_LABELS, at);
}

static void add_processes(struct page *page)
{
	static const struct prometheus_family processes = {
		.name = "gatepost_processes",
		.help = "Workers of this host that live.",
		.kind = PROMETHEUS_GAUGE,
	};
	static const struct prometheus_family oldest = {
		.name = "gatepost_process_oldest_start_timestamp_seconds",
		.help = "When the worker began that runs longest.",
		.kind = PROMETHEUS_GAUGE,
	};
	static const struct prometheus_family newest = {
		.name = "gatepost_process_newest_start_timestamp_seconds",
		.help = "When the last worker began.",
		.kind = PROMETHEUS_GAUGE,
	};
	static const struct prometheus_family shared = {
		.name = "gatepost_metrics_shared",
		.help = "1: of all processes of this host. 0: only of the one that answered.",
		.kind = PROMETHEUS_GAUGE,
	};

	add_one(page, &processes, page->live.processes);
	if (page->live.processes > 0) {
		add_start(page, &oldest, page->live.oldest);
		add_start(page, &newest, page->live.newest);
	}
	add_one(page, &shared, counters_is_shared(page->counters));
}

void metrics_text_write(struct buf *buf, const struct counters *counters, int64_t now)
{
	struct page page = {.buf = buf, .counters = counters, .now = now};

	counters_look(counters, &page.live);
	add_processes(&page);
	add_requests(&page);
	add_durations(&page);
	add_queues(&page);
	add_throttled(&page);
	add_events(&page);
	add_database(&page);
	add_survey(&page);
}
