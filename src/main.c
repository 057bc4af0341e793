/* Start-up ladder of the worker: as plain CGI one request, else sockets, threads and signals. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "app.h"
#include "db.h"
#include "fcgi.h"
#include "json.h"
#include "log.h"
#include "worker.h"

#define EXIT_REFUSED 2
#define FILLER 0xa5

static const char USAGE[] =
	"Usage: gatepost.fcgi [--config FILE] [--check]\n"
	"The FastCGI worker; as plain CGI it answers one request and looks at no argument.\n"
	"\n"
	"  --config FILE  default: $GATEPOST_CONFIG, else " GATEPOST_DEFAULT_CONFIG "\n"
	"  --check        checks configuration, keys, templates and database, and ends\n"
	"  --version      prints the version\n"
	"  --help         prints this\n"
	"\n"
	"SIGTERM ends it. SIGHUP reads the configuration again; sockets and numbers of threads\n"
	"stay as they are until a restart.\n";

struct options {
	const char *config;
	bool check;
	bool done; /* what was asked for has been printed */
};

/* Exactly one line, whatever the reason. */
static int refuse(const struct fault *fault)
{
	(void)fprintf(stderr, "gatepost.fcgi: %s\n", fault->text);
	return EXIT_REFUSED;
}

static const char *default_config(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before there are threads, and nothing sets it. */
	const char *named = getenv("GATEPOST_CONFIG");
	return named != NULL && named[0] != '\0' ? named : GATEPOST_DEFAULT_CONFIG;
}

/* What a web server sets for a CGI program and nothing else does (RFC 3875 §4.1.4). */
static bool is_cgi(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before there are threads, and nothing sets it. */
	return fcgi_is_cgi() && getenv("GATEWAY_INTERFACE") != NULL;
}

static enum err read_options(int argc, char *const *argv, struct options *options,
			     struct fault *fault)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			options->config = argv[++i];
		else if (strcmp(argv[i], "--check") == 0)
			options->check = true;
		else if (strcmp(argv[i], "--help") == 0)
			options->done = fputs(USAGE, stdout) >= 0;
		else if (strcmp(argv[i], "--version") == 0)
			options->done = puts("gatepost.fcgi " GATEPOST_VERSION) >= 0;
		else
			return fault_set(fault, "%s: unknown or incomplete option, see --help",
					 argv[i]);
	}
	return OK;
}

/* Secrets are in memory: no core file, and no look from processes of the same user. */
static void harden(void)
{
	struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	(void)setrlimit(RLIMIT_CORE, &none);
#ifndef GATEPOST_SANITIZED /* the leak checker looks at its own process */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	/* What libraries free without wiping (libfcgi's buffers) does not stay to be read. */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before there are threads. */
	(void)mallopt(M_PERTURB, FILLER);
	(void)umask(S_IRWXG | S_IRWXO);
	(void)sigemptyset(&ignore.sa_mask);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	/* A limit on the size of files is an error like any other. */
	(void)sigaction(SIGXFSZ, &ignore, NULL);
}

/* SIGUSR2 is no request of anybody's: it wakes accepts when the worker stops. */
static void block_signals(sigset_t *waited)
{
	sigset_t wake;
	(void)sigemptyset(&wake);
	(void)sigaddset(&wake, SIGUSR2);
	(void)pthread_sigmask(SIG_BLOCK, &wake, NULL);
	(void)sigemptyset(waited);
	(void)sigaddset(waited, SIGTERM);
	(void)sigaddset(waited, SIGINT);
	(void)sigaddset(waited, SIGHUP);
	(void)sigaddset(waited, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, waited, NULL);
}

static enum err check_account(const struct config *config, enum db_role role, struct fault *fault)
{
	struct db *db = NULL;
	if (db_open(config, role, &db) != OK)
		return fault_set(fault, "not enough memory");
	enum err err = db_connect(db, fault);
	db_close(&db);
	return err;
}

/* ERR_UNAVAILABLE: nobody answers, which may pass; ERR_CONFIG: what answers will not do. */
static enum err check_database(const struct config *config, struct fault *fault)
{
	TRY(check_account(config, DB_ROLE_WEB, fault));
	TRY(check_account(config, DB_ROLE_HASH, fault));
	for (size_t i = 0; i < config->listener_count; i++)
		if (config->listeners[i].role == LISTEN_AUTHORIZER)
			return check_account(config, DB_ROLE_GUARD, fault);
	return OK;
}

static void reload(struct app_box *box, const char *config_path)
{
	struct fault fault;
	struct app *next;
	if (app_load(config_path, false, &next, &fault) != OK) {
		log_detail(LOG_LEVEL_ERROR, "reload_refused", fault.text);
		return;
	}
	app_replace(box, next);
	log_detail(LOG_LEVEL_INFO, "reloaded", config_path);
}

static int run(struct app_box *box, const char *config_path, const sigset_t *waited)
{
	struct fault fault;
	struct worker *worker;
	int number = 0;
	if (worker_start(box, &worker, &fault) != OK)
		return refuse(&fault);
	log_detail(LOG_LEVEL_INFO, "started", config_path);
	while (sigwait(waited, &number) != 0 || number == SIGHUP)
		if (number == SIGHUP)
			reload(box, config_path);
	log_detail(LOG_LEVEL_INFO, "stopping", "");
	worker_stop(&worker);
	log_detail(LOG_LEVEL_INFO, "stopped", "");
	return EXIT_SUCCESS;
}

static int serve(struct app_box *box, const struct options *options)
{
	struct app *app = app_current(box);
	struct fault fault;
	sigset_t waited;
	block_signals(&waited);
	enum err err = check_database(app->config, &fault);
	app_release(&app);
	if (err == ERR_CONFIG || (err != OK && options->check))
		return refuse(&fault);
	if (options->check)
		return EXIT_SUCCESS;
	if (err != OK)
		log_detail(LOG_LEVEL_WARN, "database_unreachable", fault.text);
	return run(box, options->config, &waited);
}

static int with_app(bool cgi, const struct options *options)
{
	struct fault fault;
	struct app *app;
	struct app_box *box;
	if (app_load(options->config, cgi, &app, &fault) != OK)
		return refuse(&fault);
	if (app_box_open(app, !cgi, &box, &fault) != OK) {
		app_release(&app);
		return EXIT_REFUSED;
	}
	if (!cgi && fault.text[0] != '\0')
		log_detail(LOG_LEVEL_WARN, "metrics_alone", fault.text);
	int status = EXIT_SUCCESS;
	if (!cgi)
		status = serve(box, options);
	else if (worker_run_cgi(box) != OK)
		status = EXIT_FAILURE;
	app_box_close(&box);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {.config = default_config()};
	struct fault fault = {.text = "the libraries cannot be initialised"};
	if (fcgi_init() != OK)
		return refuse(&fault);
	bool cgi = is_cgi();
	if (!cgi && read_options(argc, argv, &options, &fault) != OK)
		return refuse(&fault);
	if (options.done)
		return EXIT_SUCCESS;
	harden();
	if (db_init() != OK)
		return refuse(&fault);
	json_init();
	int status = with_app(cgi, &options);
	db_done();
	return status;
}
