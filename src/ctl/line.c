/* The command line: words and options, in any order. */
#include "line.h"

#include <string.h>

#include "ident.h"

struct option_def {
	const char *name;
	bool has_value;
	bool repeats;
};

static const struct option_def OPTIONS[CTL_OPTION_COUNT] = {
	[CTL_USERNAME] = {"--username", true, false},
	[CTL_EMAIL] = {"--email", true, false},
	[CTL_DISPLAY_NAME] = {"--display-name", true, false},
	[CTL_ROLE] = {"--role", true, true},
	[CTL_PASSWORD_STDIN] = {"--password-stdin", false, false},
	[CTL_USER] = {"--user", true, false},
	[CTL_ALL] = {"--all", false, false},
	[CTL_SOURCE] = {"--source", true, false},
	[CTL_ADD] = {"--add", true, false},
	[CTL_REMOVE] = {"--remove", true, false},
	[CTL_SESSION] = {"--session", true, false},
	[CTL_REASON] = {"--reason", true, false},
	[CTL_EVENT] = {"--event", true, false},
	[CTL_SINCE] = {"--since", true, false},
	[CTL_LIMIT] = {"--limit", true, false},
	[CTL_CURSOR] = {"--cursor", true, false},
	[CTL_CA] = {"--ca", true, false},
	[CTL_RESOLVE] = {"--resolve", true, false},
	[CTL_HTTP_PORT] = {"--http-port", true, false},
	[CTL_NO_DRILL] = {"--no-drill", false, false},
	[CTL_OFFLINE] = {"--offline", false, false},
	[CTL_TARGET] = {"--target", true, false},
	[CTL_KEEP_SESSIONS] = {"--keep-sessions", false, false},
	[CTL_TENANT] = {"--tenant", true, false},
	[CTL_NAME] = {"--name", true, false},
	[CTL_TITLE] = {"--title", true, false},
	[CTL_DEFAULT] = {"--default", false, false},
	[CTL_FACTS_STDIN] = {"--facts-stdin", false, false},
	[CTL_NOW] = {"--now", false, false},
	[CTL_SCOPE] = {"--scope", true, false},
	[CTL_OVERLAP] = {"--overlap", true, false},
	[CTL_SECRET_FILE] = {"--secret-file", true, false},
	[CTL_ELEVATED] = {"--elevated", false, false},
	[CTL_METHOD] = {"--method", true, false},
	[CTL_IP] = {"--ip", true, false},
	[CTL_AAL2] = {"--aal2", false, false},
	[CTL_SIGNED_IN] = {"--signed-in", true, false},
	[CTL_HTPASSWD] = {"--htpasswd", true, false},
	[CTL_GROUPS] = {"--groups", true, false},
	[CTL_CSV] = {"--csv", true, false},
	[CTL_DRY_RUN] = {"--dry-run", false, false},
	[CTL_LANGUAGE] = {"--language", true, false},
	[CTL_WAITING] = {"--waiting", false, false},
	[CTL_DEAD] = {"--dead", false, false},
	[CTL_STOP] = {"--stop", false, false},
};

const char *line_option_name(enum ctl_option option)
{
	return OPTIONS[option].name;
}

static enum err wrong(struct fault *fault, const char *what, const char *word)
{
	(void)fault_set(fault, "%s%s", what, word);
	return ERR_INPUT;
}

static enum err take_role(struct ctl_line *line, const char *value, struct fault *fault)
{
	if (line->role_count == CTL_ROLES_MAX)
		return wrong(fault, "too many roles: ", value);
	line->roles[line->role_count++] = str_of(value);
	return OK;
}

static enum err take_value(struct ctl_line *line, enum ctl_option option, const char *value,
			   struct fault *fault)
{
	if (line->values[option] != NULL && !OPTIONS[option].repeats)
		return wrong(fault, "given twice: ", OPTIONS[option].name);
	line->values[option] = value;
	return option == CTL_ROLE ? take_role(line, value, fault) : OK;
}

/* *used: how many arguments it was. */
static enum err take_option(struct ctl_line *line, char **argv, int *used, struct fault *fault)
{
	const char *word = argv[0];

	*used = 1;
	for (unsigned i = 0; i < CTL_OPTION_COUNT; i++) {
		if (strcmp(word, OPTIONS[i].name) != 0)
			continue;
		if (!OPTIONS[i].has_value)
			return take_value(line, i, "", fault);
		if (argv[1] == NULL)
			return wrong(fault, "needs a value: ", word);
		*used = 2;
		return take_value(line, i, argv[1], fault);
	}
	return wrong(fault, "unknown option ", word);
}

static enum err take_common(struct ctl_line *line, char **argv, int *used, struct fault *fault)
{
	*used = 1;
	if (strcmp(argv[0], "--json") == 0) {
		line->json = true;
	} else if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		line->help = true;
	} else if (strcmp(argv[0], "--version") == 0) {
		line->version = true;
	} else if (strcmp(argv[0], "--config") == 0) {
		if (argv[1] == NULL)
			return wrong(fault, "needs a value: ", argv[0]);
		line->config_file = argv[1];
		*used = 2;
	} else {
		return take_option(line, argv, used, fault);
	}
	return OK;
}

/* An id may begin with a hyphen, one in 64 does; no option looks like one. */
static bool is_option(const char *word)
{
	struct id id;

	return word[0] == '-' && word[1] != '\0' && id_parse(str_of(word), &id) != OK;
}

enum err line_parse(int argc, char **argv, struct ctl_line *out, struct fault *fault)
{
	struct ctl_line line = {.json = false};
	const size_t most = sizeof line.words / sizeof line.words[0];

	for (int i = 1, used = 1; i < argc; i += used) {
		used = 1;
		if (is_option(argv[i]))
			TRY(take_common(&line, argv + i, &used, fault));
		else if (line.word_count == most)
			return wrong(fault, "unexpected ", argv[i]);
		else
			line.words[line.word_count++] = argv[i];
	}
	*out = line;
	return OK;
}
