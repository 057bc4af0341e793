/* /metrics: numbers for who watches this host, from listed networks or by a service. */
#include "answer.h"
#include "basic.h"
#include "cidr.h"
#include "clock.h"
#include "counters.h"
#include "db.h"
#include "handlers.h"
#include "meter.h"
#include "metrics_text.h"
#include "prometheus.h"
#include "service_call.h"
#include "survey.h"
#include "view.h"

/* The database is looked at so often at most, whoever asks. */
#define SURVEY_EVERY (30 * CLOCK_SECOND)
/* A scrape has more to tell than what a slow database would. */
#define PATIENCE CLOCK_SECOND

static bool is_listed(const struct call *call)
{
	const struct config *config = call->app->config;
	for (size_t i = 0; i < config->metrics.network_count; i++)
		if (cidr_has(&config->metrics.networks[i], call->request.remote_addr))
			return true;
	return false;
}

static enum err check_service(struct call *call, bool *answered)
{
	const struct service_subject nobody = {.hashes = NULL, .id = NULL};
	struct service_login login;
	/* What is refused from here on is a service's. */
	call->by_service = true;
	TRY(service_call_login(call, &login, answered));
	if (*answered)
		return OK;
	return service_call_ask(call, &login, &nobody, SERVICE_METRICS, answered);
}

static enum err check(struct call *call, bool *answered)
{
	if (is_listed(call))
		return OK;
	if (basic_is(call->request.authorization))
		return check_service(call, answered);
	*answered = true;
	return view_problem(
		call, PROBLEM_FORBIDDEN,
		&(struct problem_detail){.detail = STR("The metrics are for listed networks, "
						       "and for services with the scope "
						       "\"metrics\".")});
}

static enum err survey_by(struct call *call, struct db *db)
{
	int64_t values[SURVEY_VALUES];
	struct auth_context context = call->auth;
	context.db = db;
	TRY(survey_take(&context, values));
	for (size_t i = 0; i < SURVEY_VALUES; i++)
		counters_keep(call->app->counters, METER_SURVEY + i, values[i]);
	counters_keep(call->app->counters, METER_SURVEY_DONE, call->request.now);
	return OK;
}

/* With a connection of its own, which does not wait; db.c logs why not. */
static void survey(struct call *call)
{
	struct db *db = NULL;
	if (db_open(call->app->config, DB_ROLE_WEB, &db) != OK)
		return;
	db_count_into(db, call->app->counters);
	db_set_patience(db, PATIENCE);
	enum err ignored = survey_by(call, db);
	(void)ignored;
	db_close(&db);
}

/* One of all that ask at once, on all processes. */
static void survey_in_turn(struct call *call)
{
	struct counters *counters = call->app->counters;
	int64_t now = call->request.now;
	int64_t seen = counters_cell(counters, METER_SURVEY_TURN);
	bool due = now - seen >= SURVEY_EVERY || seen > now;
	if (due && counters_turn(counters, METER_SURVEY_TURN, seen, now))
		survey(call);
}

enum err api_metrics_show(struct call *call)
{
	bool answered = false;
	TRY(check(call, &answered));
	if (answered)
		return OK;
	survey_in_turn(call);
	response_status(&call->response, 200);
	response_type(&call->response, PROMETHEUS_TYPE);
	metrics_text_write(&call->response.body, call->app->counters, call->request.now);
	return call->response.body.failed;
}
