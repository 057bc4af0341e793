/* The database connections of one thread, following the configuration that is current. */
#include "connections.h"

#include "clock.h"
#include "db.h"

/* Whoever asks the guard waits for somebody else's page. */
#define GUARD_PATIENCE CLOCK_SECOND

static enum err open_one(const struct connections *connections, enum db_role role, struct db **out)
{
	const struct app *app = connections->app;
	TRY(db_open(app->config, role, out));
	db_count_into(*out, app->counters);
	return OK;
}

static enum err open_all(struct connections *connections)
{
	TRY(open_one(connections, DB_ROLE_WEB, &connections->open.web));
	if (connections->patience > 0)
		db_set_patience(connections->open.web, connections->patience);
	TRY(open_one(connections, DB_ROLE_GUARD, &connections->open.guard));
	db_set_patience(connections->open.guard,
			connections->patience > 0 ? connections->patience : GUARD_PATIENCE);
	if (connections->with_hash)
		TRY(open_one(connections, DB_ROLE_HASH, &connections->open.hash));
	return OK;
}

enum err connections_follow(struct connections *connections, struct app_box *box)
{
	struct app *app = app_current(box);
	if (app == connections->app) {
		app_release(&app);
		return OK;
	}
	connections_close(connections);
	connections->app = app;
	enum err err = open_all(connections);
	if (err != OK)
		connections_close(connections);
	return err;
}

void connections_close(struct connections *connections)
{
	db_close(&connections->open.hash);
	db_close(&connections->open.guard);
	db_close(&connections->open.web);
	app_release(&connections->app);
}
