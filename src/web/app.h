/* Everything made from the configuration: one immutable snapshot, shared and counted. */
#ifndef GATEPOST_WEB_APP_H
#define GATEPOST_WEB_APP_H

#include <stdbool.h>

#include "assets.h"
#include "blocklist.h"
#include "breaker.h"
#include "catalogue.h"
#include "config.h"
#include "err.h"
#include "keyring.h"
#include "password.h"
#include "slots.h"
#include "template.h"

struct arena;
struct counters;
struct key_box;

/* Read only after app_load. SIGHUP makes a new one; requests that began on the old one end on it.
 */
struct app {
	struct arena *arena; /* of config, templates, assets, document */
	const struct config *config;
	struct keyring *keys;
	struct keyring *peppers; /* NULL: password hashes are not sealed */
	struct key_box *signing; /* changes by itself, and is thread-safe */
	struct catalogue *texts;
	const struct language *language;      /* who asks for none that is there, gets this one */
	const struct template_set *templates; /* NULL: none was needed yet, see app_speak */
	bool one_request;
	struct fault fault; /* of app_speak; empty: none */
	const struct asset_set *assets;
	struct asset document; /* the API's description */
	struct slots *slots;
	struct hasher *hasher;
	const struct blocklist *blocklist;
	struct breaker
		*guarded; /* of look-ups for guarded places; changes by itself, thread-safe */
	struct counters *counters; /* the process's, from when it is in a box; may be NULL */
};

/*
 * The whole ladder of checks but the database: configuration, keys, texts, templates, assets, the
 * API's description, run_dir, slots. ERR_CONFIG with one line. one_request: it serves one and ends,
 * so texts and templates are read when a page needs them.
 */
MUST_CHECK enum err app_load(const char *config_path, bool one_request, struct app **out,
			     struct fault *fault);
/*
 * Before texts of the language are asked for, where one_request: reads them, and the templates.
 * What is wrong with them stands in app->fault, and there are no texts. Else nothing is to do.
 */
void app_speak(struct app *app, const struct language *language);
bool app_is_mute(const struct app *app); /* it has failed */
/* Another holder; the last app_release frees. Thread-safe. */
struct app *app_hold(struct app *app);
void app_release(struct app **app);

/*
 * The current snapshot, and the counters that all of them have. app_box_open and app_replace take
 * the caller's hold over; app_current returns one more. Thread-safe. stays: no plain CGI. *why: why
 * the counters are this process's alone; empty: they are not.
 */
struct app_box;
MUST_CHECK enum err app_box_open(struct app *first, bool stays, struct app_box **out,
				 struct fault *why);
struct counters *app_box_counters(const struct app_box *box);
struct app *app_current(struct app_box *box);
void app_replace(struct app_box *box, struct app *next);
void app_box_close(struct app_box **box);

#endif
