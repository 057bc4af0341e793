/* Everything made from the configuration: one immutable snapshot, shared and counted. */
#ifndef GATEPOST_WEB_APP_H
#define GATEPOST_WEB_APP_H

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
struct key_box;

/* Read only after app_load. SIGHUP makes a new one; requests that began on the old one end on it.
 */
struct app {
	struct arena *arena; /* of config, templates, assets, document */
	const struct config *config;
	struct keyring *keys;
	struct keyring *peppers; /* NULL: password hashes are not sealed */
	struct key_box *signing; /* changes by itself, and is thread-safe */
	const struct catalogue *texts;
	const struct language *language; /* who asks for none that is there, gets this one */
	const struct template_set *templates;
	const struct asset_set *assets;
	struct asset document; /* the API's description */
	struct slots *slots;
	struct hasher *hasher;
	const struct blocklist *blocklist;
	struct breaker
		*guarded; /* of look-ups for guarded places; changes by itself, thread-safe */
};

/*
 * The whole ladder of checks but the database: configuration, keys, templates, assets, the API's
 * description, run_dir, slots. ERR_CONFIG with one line.
 */
MUST_CHECK enum err app_load(const char *config_path, struct app **out, struct fault *fault);
/* Another holder; the last app_release frees. Thread-safe. */
struct app *app_hold(struct app *app);
void app_release(struct app **app);

/*
 * The current snapshot. app_box_open and app_replace take the caller's hold over; app_current
 * returns one more. Thread-safe.
 */
struct app_box;
MUST_CHECK enum err app_box_open(struct app *first, struct app_box **out);
struct app *app_current(struct app_box *box);
void app_replace(struct app_box *box, struct app *next);
void app_box_close(struct app_box **box);

#endif
