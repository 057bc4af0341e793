/* The command `gatepost`: finds the command, opens what it needs, runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "blocklist.h"
#include "clock.h"
#include "config.h"
#include "ctl.h"
#include "db.h"
#include "json.h"
#include "keyring.h"
#include "line.h"
#include "log.h"
#include "password.h"

#define FIRST_BLOCK ((size_t)64 * 1024)
#define CEILING ((size_t)256 * 1024 * 1024)

static void print_usage(FILE *stream)
{
	const struct ctl_command *command = NULL;

	(void)fputs("Usage: gatepost [--config FILE] [--json] COMMAND\n\n", stream);
	for (size_t i = 0; (command = ctl_command_at(i)) != NULL; i++)
		(void)fprintf(stream, "  gatepost %s%s%s %s\n", command->noun,
			      command->verb == NULL ? "" : " ",
			      command->verb == NULL ? "" : command->verb, command->synopsis);
	(void)fputs("\n--help after a command tells more; gatepost(8) tells all.\n", stream);
}

static void print_help(const struct ctl_command *command)
{
	printf("Usage: gatepost [--config FILE] [--json] %s%s%s %s\n\n%s\n", command->noun,
	       command->verb == NULL ? "" : " ", command->verb == NULL ? "" : command->verb,
	       command->synopsis, command->description);
}

static bool is_called(const struct ctl_command *command, const struct ctl_line *line)
{
	if (line->word_count == 0 || strcmp(command->noun, line->words[0]) != 0)
		return false;
	if (command->verb == NULL)
		return true;
	return line->word_count > 1 && strcmp(command->verb, line->words[1]) == 0;
}

static const struct ctl_command *find_command(const struct ctl_line *line)
{
	size_t i = 0;
	const struct ctl_command *command = ctl_command_at(i);

	while (command != NULL && !is_called(command, line))
		command = ctl_command_at(++i);
	return command;
}

/* Options and words that the command does not take. */
static enum err check_line(const struct ctl_command *command, const struct ctl_line *line,
			   struct fault *fault)
{
	size_t words = (command->verb == NULL ? 1U : 2U) + command->operands;

	if (line->word_count > words)
		return fault_set(fault, "unexpected %s", line->words[words]);
	for (unsigned i = 0; i < CTL_OPTION_COUNT; i++)
		if (line->values[i] != NULL && (command->options & (UINT64_C(1) << i)) == 0)
			return fault_set(fault, "%s does not belong to this command",
					 line_option_name(i));
	return OK;
}

/* What is opened here is closed by close_all, however far it got. */
struct opened {
	struct keyring *keys;
	struct keyring *peppers;
	struct hasher *hasher;
	struct db *web;
	struct db *hash;
};

static enum err open_database(struct ctl *ctl, struct opened *opened)
{
	TRY(db_open(ctl->auth.config, DB_ROLE_WEB, &opened->web));
	TRY(db_connect(opened->web, &ctl->fault));
	TRY(hasher_open(ctl->auth.config, NULL, &opened->hasher));
	TRY(blocklist_load(ctl->auth.config->password.blocklist.p, ctl->auth.arena,
			   &ctl->auth.blocklist, &ctl->fault));
	if (ctl->auth.config->password.pepper_file.p != NULL)
		TRY(keyring_load(ctl->auth.config->password.pepper_file.p, &opened->peppers,
				 &ctl->fault));
	ctl->auth.db = opened->web;
	ctl->auth.hasher = opened->hasher;
	ctl->auth.peppers = opened->peppers;
	return OK;
}

static enum err open_hashes(struct ctl *ctl, struct opened *opened)
{
	TRY(db_open(ctl->auth.config, DB_ROLE_HASH, &opened->hash));
	TRY(db_connect(opened->hash, &ctl->fault));
	ctl->auth.hash_db = opened->hash;
	return OK;
}

static enum err open_all(struct ctl *ctl, enum ctl_need need, struct opened *opened)
{
	const char *file = ctl->line.config_file;

	if (file == NULL)
		file = getenv("GATEPOST_CONFIG"); /* NOLINT(concurrency-mt-unsafe): one thread */
	if (file == NULL || *file == '\0')
		file = GATEPOST_DEFAULT_CONFIG;
	if (need >= CTL_NEED_CONFIG)
		TRY(config_load(file, ctl->auth.arena, &ctl->auth.config, &ctl->fault));
	if (need >= CTL_NEED_KEYS) {
		TRY(keyring_load(ctl->auth.config->server.key_file.p, &opened->keys, &ctl->fault));
		ctl->auth.keys = opened->keys;
	}
	if (need >= CTL_NEED_DATABASE)
		TRY(open_database(ctl, opened));
	return need >= CTL_NEED_HASHES ? open_hashes(ctl, opened) : OK;
}

static void close_all(struct opened *opened)
{
	db_close(&opened->web);
	db_close(&opened->hash);
	hasher_close(&opened->hasher);
	keyring_free(&opened->keys);
	keyring_free(&opened->peppers);
}

static enum ctl_exit run(struct ctl *ctl, const struct ctl_command *command)
{
	struct opened opened = {.keys = NULL};
	bool of_user = command->asks_for_user && ctl_given(ctl, CTL_USER);
	enum err e = open_all(ctl, of_user ? CTL_NEED_DATABASE : command->need, &opened);
	enum ctl_exit code = CTL_FINE;

	if (e == OK)
		code = command->run(ctl);
	else
		code = ctl_failed(ctl, e);
	close_all(&opened);
	return code;
}

static enum ctl_exit start(struct ctl *ctl, const struct ctl_command *command)
{
	size_t at = command->verb == NULL ? 1 : 2;

	if (check_line(command, &ctl->line, &ctl->fault) != OK)
		return ctl_say(CTL_USAGE, "%s; see gatepost %s --help", ctl->fault.text,
			       command->noun);
	for (size_t i = 0; at + i < ctl->line.word_count; i++)
		ctl->operands[i] = str_of(ctl->line.words[at + i]);
	ctl->operand = ctl->operands[0];
	if (db_init() != OK || arena_open(FIRST_BLOCK, CEILING, &ctl->auth.arena) != OK)
		return ctl_say(CTL_UNAVAILABLE, "no memory");
	json_init();
	/* Decisions are rows of audit_event; on a terminal only what went wrong is of interest. */
	log_set_level(LOG_LEVEL_WARN);
	ctl->auth.now = clock_now();
	ctl->auth.ip = STR("");
	ctl->auth.user_agent = STR("");
	enum ctl_exit code = run(ctl, command);
	arena_close(&ctl->auth.arena);
	db_done();
	return code;
}

/* False: there is no such noun. */
static bool print_noun_help(const char *noun)
{
	const struct ctl_command *command = NULL;
	bool known = false;

	for (size_t i = 0; (command = ctl_command_at(i)) != NULL; i++) {
		if (strcmp(command->noun, noun) != 0)
			continue;
		print_help(command);
		known = true;
	}
	return known;
}

static enum ctl_exit run_line(struct ctl *ctl)
{
	const struct ctl_command *command = find_command(&ctl->line);

	if (ctl->line.version) {
		puts("gatepost " GATEPOST_VERSION);
		return CTL_FINE;
	}
	if (ctl->line.help && ctl->line.word_count == 0) {
		print_usage(stdout);
		return CTL_FINE;
	}
	if (ctl->line.help && command != NULL) {
		print_help(command);
		return CTL_FINE;
	}
	if (ctl->line.help && print_noun_help(ctl->line.words[0]))
		return CTL_FINE;
	if (command != NULL && !ctl->line.help)
		return start(ctl, command);
	print_usage(stderr);
	return ctl_say(CTL_USAGE, "%s",
		       ctl->line.word_count == 0 ? "no command was given"
						 : "there is no such command");
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.line = {.json = false}};
	enum ctl_exit code = CTL_USAGE;

	if (line_parse(argc, argv, &ctl.line, &ctl.fault) == OK)
		code = run_line(&ctl);
	else
		(void)ctl_say(CTL_USAGE, "%s; see gatepost --help", ctl.fault.text);
	return (int)code;
}
