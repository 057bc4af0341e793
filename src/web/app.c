/* Everything made from the configuration: one immutable snapshot, shared and counted. */
#include "app.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "breached.h"
#include "buf.h"
#include "counters.h"
#include "document.h"
#include "key_set.h"
#include "meter.h"
#include "say.h"

#define APP_FIRST_BLOCK ((size_t)256 * 1024)
#define APP_CEILING ((size_t)64 * 1024 * 1024)

/* The count lies beside the snapshot, so that readers of struct app never see it. */
struct counted {
	struct app app; /* first: app_hold finds the whole from it */
	atomic_uint holders;
};

static struct counted *counted_of(struct app *app)
{
	return (struct counted *)app;
}

/* The pages that handlers show; a template that is missing is found here and not by a visitor. */
static const char *const PAGES[] = {
	"account.html",    "error.html",    "login.html",    "logout.html",
	"problems.html",   "sessions.html", "setup.html",    "setup-done.html",
	"signed-out.html", "reauth.html",   "password.html",
};

static enum err check_pages(const struct app *app, struct fault *fault)
{
	for (size_t i = 0; i < sizeof(PAGES) / sizeof(PAGES[0]); i++)
		if (!template_exists(app->templates, str_of(PAGES[i])))
			return fault_set(fault, "%s/%s: is missing",
					 app->config->server.template_dir.p, PAGES[i]);
	return OK;
}

static enum err load_templates(struct app *app, struct fault *fault)
{
	TRY(say_check(app->texts, fault));
	TRY(template_load(app->config->server.template_dir.p, app->texts, app->arena,
			  &app->templates, fault));
	return check_pages(app, fault);
}

static enum err load_texts(struct app *app, struct fault *fault)
{
	const char *dir = app->config->server.template_dir.p;
	TRY(catalogue_open(dir, app->arena, &app->texts, fault));
	TRY(catalogue_default(app->texts, app->config->server.language, &app->language, fault));
	if (app->one_request)
		return OK;
	for (size_t i = 0; i < catalogue_languages(app->texts); i++)
		TRY(catalogue_read(app->texts, catalogue_language(app->texts, i), fault));
	return load_templates(app, fault);
}

bool app_is_mute(const struct app *app)
{
	return app->fault.text[0] != '\0';
}

void app_speak(struct app *app, const struct language *language)
{
	enum err err = OK;
	if (!app->one_request || app_is_mute(app))
		return;
	err = catalogue_read(app->texts, language, &app->fault);
	if (err == OK && app->templates == NULL)
		err = load_templates(app, &app->fault);
	if (err != OK && app->fault.text[0] == '\0')
		(void)fault_set(&app->fault, "templates: %s", err_name(err));
}

static enum err load_assets(struct app *app, struct fault *fault)
{
	struct str dir;
	struct buf path;
	buf_init(&path, app->arena, 4096);
	buf_add(&path, app->config->server.template_dir);
	buf_add(&path, STR("/assets"));
	TRY(buf_str(&path, &dir));
	return assets_load(dir.p, app->arena, &app->assets, fault);
}

static enum err load_document(struct app *app, struct fault *fault)
{
	struct asset *document = &app->document;
	TRY(document_load(app->config, app->arena, &document->bytes, fault));
	document->name = STR("openapi.yaml");
	document->type = "application/yaml";
	return assets_tag(app->arena, document->bytes, &document->etag);
}

static enum err check_run_dir(const char *dir, struct fault *fault)
{
	struct stat status;
	if (stat(dir, &status) != 0 || !S_ISDIR(status.st_mode))
		return fault_set(fault, "%s: is not a directory (run_dir)", dir);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return fault_set(fault, "%s: belongs to another user (run_dir)", dir);
	if ((status.st_mode & S_IWOTH) != 0)
		return fault_set(fault, "%s: can be written by everybody (run_dir)", dir);
	return OK;
}

static unsigned slot_count(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (config->server.hash_slots > 0)
		return config->server.hash_slots;
	return cores > 0 ? (unsigned)cores : 1;
}

static enum err load(struct app *app, const char *config_path, struct fault *fault)
{
	TRY(config_load(config_path, app->arena, &app->config, fault));
	const struct config *config = app->config;
	TRY(keyring_load(config->server.key_file.p, &app->keys, fault));
	if (config->password.pepper_file.p != NULL)
		TRY(keyring_load(config->password.pepper_file.p, &app->peppers, fault));
	if (config->password.breached.p != NULL)
		TRY(breached_check(config->password.breached.p, fault));
	app->guarded = arena_alloc(app->arena, sizeof(*app->guarded));
	if (app->guarded == NULL)
		return ERR_MEMORY;
	TRY(key_box_open(config->token.signature_cache, &app->signing));
	TRY(load_texts(app, fault));
	TRY(load_assets(app, fault));
	TRY(load_document(app, fault));
	TRY(check_run_dir(config->server.run_dir.p, fault));
	TRY(blocklist_load(config->password.blocklist.p, app->arena, &app->blocklist, fault));
	TRY(slots_open(config->server.run_dir.p, slot_count(config), &app->slots, fault));
	return hasher_open(config, app->slots, &app->hasher);
}

static void destroy(struct app *app)
{
	struct arena *arena = app->arena;
	if (app->hasher != NULL)
		hasher_close(&app->hasher);
	if (app->slots != NULL)
		slots_close(&app->slots);
	key_box_close(&app->signing);
	if (app->keys != NULL)
		keyring_free(&app->keys);
	if (app->peppers != NULL)
		keyring_free(&app->peppers);
	arena_close(&arena);
}

static enum err no_memory(struct fault *fault)
{
	return fault_set(fault, "not enough memory");
}

enum err app_load(const char *config_path, bool one_request, struct app **out, struct fault *fault)
{
	struct arena *arena;
	*fault = (struct fault){.text = ""};
	if (arena_open(APP_FIRST_BLOCK, APP_CEILING, &arena) != OK)
		return no_memory(fault);
	struct counted *counted = arena_alloc(arena, sizeof(*counted));
	if (counted == NULL) {
		arena_close(&arena);
		return no_memory(fault);
	}
	counted->app.arena = arena;
	counted->app.one_request = one_request;
	atomic_init(&counted->holders, 1);
	enum err err = load(&counted->app, config_path, fault);
	if (err != OK) {
		destroy(&counted->app);
		if (fault->text[0] == '\0')
			return fault_set(fault, "%s: cannot be loaded: %s", config_path,
					 err_name(err));
		return ERR_CONFIG;
	}
	*out = &counted->app;
	return OK;
}

struct app *app_hold(struct app *app)
{
	(void)atomic_fetch_add(&counted_of(app)->holders, 1);
	return app;
}

void app_release(struct app **app)
{
	struct app *held = *app;
	*app = NULL;
	if (held != NULL && atomic_fetch_sub(&counted_of(held)->holders, 1) == 1)
		destroy(held);
}

struct app_box {
	struct arena *arena;
	struct counters *counters;
	pthread_mutex_t lock;
	struct app *app; /* held */
};

enum err app_box_open(struct app *first, bool stays, struct app_box **out, struct fault *why)
{
	struct arena *arena;
	TRY(arena_open(sizeof(struct app_box), 2 * sizeof(struct app_box), &arena));
	struct app_box *box = arena_alloc(arena, sizeof(*box));
	if (box == NULL || pthread_mutex_init(&box->lock, NULL) != 0) {
		arena_close(&arena);
		return ERR_MEMORY;
	}
	box->arena = arena;
	box->app = first;
	/* Without memory nothing is counted. */
	if (meter_open(first->config, stays, &box->counters, why) != OK)
		(void)fault_set(why, "no memory for counters");
	first->counters = box->counters;
	*out = box;
	return OK;
}

struct app *app_current(struct app_box *box)
{
	(void)pthread_mutex_lock(&box->lock);
	struct app *app = app_hold(box->app);
	(void)pthread_mutex_unlock(&box->lock);
	return app;
}

struct counters *app_box_counters(const struct app_box *box)
{
	return box->counters;
}

void app_replace(struct app_box *box, struct app *next)
{
	next->counters = box->counters;
	(void)pthread_mutex_lock(&box->lock);
	struct app *former = box->app;
	box->app = next;
	(void)pthread_mutex_unlock(&box->lock);
	app_release(&former);
}

void app_box_close(struct app_box **box)
{
	struct app_box *closed = *box;
	*box = NULL;
	if (closed == NULL)
		return;
	app_release(&closed->app);
	counters_close(&closed->counters);
	(void)pthread_mutex_destroy(&closed->lock);
	struct arena *arena = closed->arena;
	arena_close(&arena);
}
