/* gatepost-mailer: start-up, options, and the loop until a signal ends it. */
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "db.h"
#include "json.h"
#include "log.h"
#include "mailer.h"
#include "signals.h"

#define EXIT_REFUSED 2
#define FILLER 0xa5

static const char USAGE[] =
	"Usage: gatepost-mailer [--config FILE] [--once] [--check]\n"
	"Sends the mails that wait in the outbox.\n"
	"\n"
	"  --config FILE  default: $GATEPOST_CONFIG, else " GATEPOST_DEFAULT_CONFIG "\n"
	"  --once         sends what is due, and ends: 1 when the mail server or the database "
	"failed\n"
	"  --check        checks configuration, keys, templates and database, and ends\n"
	"  --version      prints the version\n"
	"  --help         prints this\n"
	"\n"
	"SIGTERM ends it: the mail on its way is finished first. SIGHUP reads the configuration "
	"again.\n";

struct options {
	const char *config;
	bool once;
	bool check;
	bool done; /* what was asked for has been printed */
};

/* Exactly one line, whatever the reason. */
static int refuse(const struct fault *fault)
{
	(void)fprintf(stderr, "gatepost-mailer: %s\n", fault->text);
	return EXIT_REFUSED;
}

static const char *default_config(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads, and nothing sets it. */
	const char *named = getenv("GATEPOST_CONFIG");
	return named != NULL && named[0] != '\0' ? named : GATEPOST_DEFAULT_CONFIG;
}

static enum err read_options(int argc, char *const *argv, struct options *options,
			     struct fault *fault)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			options->config = argv[++i];
		else if (strcmp(argv[i], "--once") == 0)
			options->once = true;
		else if (strcmp(argv[i], "--check") == 0)
			options->check = true;
		else if (strcmp(argv[i], "--help") == 0)
			options->done = fputs(USAGE, stdout) >= 0;
		else if (strcmp(argv[i], "--version") == 0)
			options->done = puts("gatepost-mailer " GATEPOST_VERSION) >= 0;
		else
			return fault_set(fault, "%s: unknown or incomplete option, see --help",
					 argv[i]);
	}
	return OK;
}

/* Codes and links are in memory: no core file, and no look from processes of the same user. */
static void harden(void)
{
	struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
	(void)setrlimit(RLIMIT_CORE, &none);
#ifndef GATEPOST_SANITIZED /* the leak checker looks at its own process */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	/* What libraries free without wiping (libcurl's buffers) does not stay to be read. */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads. */
	(void)mallopt(M_PERTURB, FILLER);
	(void)umask(S_IRWXG | S_IRWXO);
	signals_block();
}

static void reload(struct mailer **mailer, const char *config_path)
{
	struct mailer *next = NULL;
	struct fault fault;

	if (mailer_open(config_path, false, &next, &fault) != OK) {
		log_detail(LOG_LEVEL_ERROR, "reload_refused", fault.text);
		return;
	}
	mailer_close(mailer);
	*mailer = next;
	log_detail(LOG_LEVEL_INFO, "reloaded", config_path);
}

/* Until nothing is due. */
static int drain(struct mailer *mailer)
{
	struct mailer_round round = {.taken = 1};

	while (round.taken > 0 && !round.broken && !signals_stop_waits())
		mailer_run(mailer, &round);
	return round.broken ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void serve(struct mailer **mailer, const char *config_path)
{
	enum signals_wish wish = SIGNALS_NOTHING;

	log_detail(LOG_LEVEL_INFO, "started", config_path);
	while (wish != SIGNALS_STOP) {
		struct mailer_round round;

		mailer_run(*mailer, &round);
		wish = signals_wait(round.pause);
		if (wish == SIGNALS_RELOAD || (round.reload && wish == SIGNALS_NOTHING))
			reload(mailer, config_path);
	}
	log_detail(LOG_LEVEL_INFO, "stopping", "");
}

static int run(const struct options *options)
{
	struct mailer *mailer = NULL;
	struct fault fault;
	int status = EXIT_SUCCESS;

	if (mailer_open(options->config, options->check, &mailer, &fault) != OK)
		return refuse(&fault);
	if (options->check)
		(void)puts("ok");
	else if (options->once)
		status = drain(mailer);
	else
		serve(&mailer, options->config);
	mailer_close(&mailer);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {.config = default_config()};
	struct fault fault = {.text = "the libraries cannot be initialised"};

	if (read_options(argc, argv, &options, &fault) != OK)
		return refuse(&fault);
	if (options.done)
		return EXIT_SUCCESS;
	harden();
	if (db_init() != OK)
		return refuse(&fault);
	json_init();
	int status = run(&options);
	db_done();
	return status;
}
