/* Lines of gatepost.conf: what inih would pass over in silence is refused, inih does the rest. */
#include "config_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ini.h>

#include "arena.h"
#include "config_flow.h"
#include "config_protect.h"
#include "file.h"

#define FILE_MAX_BYTES 65536
#define SECTIONS_MAX (CONFIG_PARTS + 16)
#define LISTENER_NAME 32
#define COUNTER STR("counter.")
#define SHOWN 64 /* octets of a name that a fault repeats */

struct reader {
	struct config_draft *draft;
	struct str rest;
	bool more;
	unsigned line;
	enum err failed;
	struct str sections[SECTIONS_MAX];
	size_t section_count;
	struct str section; /* "listen" for all listeners, and so on */
	size_t part;
};

static enum err refuse(const struct reader *reader, const char *reason)
{
	return fault_set(reader->draft->fault, "%s:%u: %s", reader->draft->file, reader->line,
			 reason);
}

static enum err refuse_name(const struct reader *reader, const char *what, struct str name)
{
	int n = name.n < SHOWN ? (int)name.n : SHOWN;

	return fault_set(reader->draft->fault, "%s:%u: %s \"%.*s\"", reader->draft->file,
			 reader->line, what, n, name.n == 0 ? "" : name.p);
}

static bool is_listener_name(struct str name)
{
	if (name.n == 0 || name.n > LISTENER_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool good =
			(c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
		if (!good)
			return false;
	}
	return true;
}

static enum err begin_listener(struct reader *reader, struct str name, size_t *i)
{
	struct config *config = reader->draft->config;

	if (!is_listener_name(name))
		return refuse(reader, "expected [listen NAME]: a-z, 0-9, - and _, at most 32");
	if (config->listener_count == CONFIG_LISTENERS)
		return refuse(reader, "more than 8 sections [listen NAME]");
	*i = config->listener_count++;
	return str_copy(reader->draft->arena, name, &config->listeners[*i].name);
}

static enum err begin_flow(struct reader *reader, struct str name, size_t *i)
{
	struct config *config = reader->draft->config;

	if (!config_is_flow_name(name))
		return refuse(reader, "expected [flow KIND]: a-z, 0-9, ., _ and -, at most 64, "
				      "beginning with a letter or digit");
	if (config->flow_count == CONFIG_FLOWS)
		return refuse(reader, "more than 16 sections [flow KIND]");
	if (config->flows == NULL)
		config->flows =
			arena_array(reader->draft->arena, CONFIG_FLOWS, sizeof *config->flows);
	if (config->flows == NULL)
		return ERR_MEMORY;
	*i = config->flow_count++;
	return str_copy(reader->draft->arena, name, &config->flows[*i].kind);
}

static enum err begin_client(struct reader *reader, struct str name, size_t *i)
{
	struct config *config = reader->draft->config;

	if (!config_is_flow_name(name))
		return refuse(reader, "expected [client NAME]: a-z, 0-9, ., _ and -, at most 64, "
				      "beginning with a letter or digit");
	if (config->client_count == CONFIG_CLIENTS)
		return refuse(reader, "more than 16 sections [client NAME]");
	if (config->clients == NULL)
		config->clients =
			arena_array(reader->draft->arena, CONFIG_CLIENTS, sizeof *config->clients);
	if (config->clients == NULL)
		return ERR_MEMORY;
	*i = config->client_count++;
	return str_copy(reader->draft->arena, name, &config->clients[*i].name);
}

static enum err begin_protect(struct reader *reader, struct str name, size_t *i)
{
	struct config *config = reader->draft->config;
	struct str path = STR_NONE;

	if (config_protect_path(name, &path) != OK)
		return refuse(reader, "expected [protect \"/PATH/\"]: a path without dot segments, "
				      "empty ones and the characters \\ % ; ? # *");
	if (config->protect_count == CONFIG_PROTECTS)
		return refuse(reader, "more than 64 sections [protect \"/PATH/\"]");
	if (config->protects == NULL)
		config->protects = arena_array(reader->draft->arena, CONFIG_PROTECTS,
					       sizeof *config->protects);
	if (config->protects == NULL)
		return ERR_MEMORY;
	*i = config->protect_count++;
	config->protects[*i].line = reader->line;
	return str_copy(reader->draft->arena, path, &config->protects[*i].path);
}

static enum err begin_group(struct reader *reader, enum config_group group, struct str name)
{
	static enum err (*const BEGINNINGS[CONFIG_GROUP_COUNT])(struct reader *, struct str,
								size_t *) = {
		[CONFIG_LISTEN] = begin_listener,
		[CONFIG_FLOW] = begin_flow,
		[CONFIG_CLIENT] = begin_client,
		[CONFIG_PROTECT] = begin_protect,
	};
	size_t i = 0;

	TRY(BEGINNINGS[group](reader, name, &i));
	reader->part = config_draft_part(group, i);
	reader->draft->part_lines[reader->part] = reader->line;
	return OK;
}

static enum err begin_section(struct reader *reader, struct str line)
{
	struct str word;
	struct str name;

	if (line.p[line.n - 1] != ']')
		return refuse(reader, "a section must end with ] and nothing after it");
	struct str whole = str_trim(str_sub(line, 1, line.n - 1));
	bool has_name = str_cut(whole, ' ', &word, &name);
	enum config_group group = config_table_group(word);
	/* Of one path there may be several, about different methods: config_protect.c looks. */
	for (size_t i = 0; i < reader->section_count && group != CONFIG_PROTECT; i++) {
		if (str_equal(reader->sections[i], whole))
			return refuse_name(reader, "this section is there twice:", whole);
	}
	if (group == CONFIG_PLAIN && (has_name || !config_table_has_section(whole)))
		return refuse_name(reader, "unknown section", whole);
	reader->part = 0;
	reader->section = word;
	if (group != CONFIG_PLAIN)
		TRY(begin_group(reader, group, str_trim(name)));
	/* All sections are few: each is known once, so this has room. */
	reader->sections[reader->section_count++] = whole;
	return OK;
}

/* inih cuts a value at " ;" without a word. */
static bool has_inline_comment(struct str line)
{
	for (size_t i = 1; i < line.n; i++) {
		if (line.p[i] == ';' && (line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return true;
	}
	return false;
}

static bool has_odd_octet(struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return !str_is_utf8(line);
}

/* line is without its end; room is what inih's buffer takes of it. */
static enum err check_line(struct reader *reader, struct str line, size_t room)
{
	if (line.n > room)
		return fault_set(reader->draft->fault, "%s:%u: the line is longer than %zu bytes",
				 reader->draft->file, reader->line, room);
	if (has_odd_octet(line))
		return refuse(reader, "the line must be UTF-8 without control characters");

	struct str text = str_trim(line);
	if (text.n == 0 || text.p[0] == ';' || text.p[0] == '#')
		return OK;
	if (text.p != line.p)
		return refuse(reader, "a line must not begin with a space");
	if (has_inline_comment(text))
		return refuse(reader,
			      "a comment needs a line of its own: a value cannot have \" ;\"");
	if (text.p[0] == '[')
		return begin_section(reader, text);
	if (!str_contains(text, '='))
		return refuse(reader, "expected NAME = VALUE");
	return OK;
}

/* inih's reader: one call, one line, so that the handler knows which one it is in. */
static char *next_line(char *out, int size, void *stream)
{
	struct reader *reader = stream;
	struct str line;

	if (reader->failed != OK || !reader->more)
		return NULL;
	reader->more = str_cut(reader->rest, '\n', &line, &reader->rest);
	if (!reader->more && line.n == 0)
		return NULL;
	reader->line++;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	reader->failed = check_line(reader, line, (size_t)size - 2);
	if (reader->failed != OK)
		return NULL;
	memcpy(out, line.p, line.n);
	out[line.n] = '\n';
	out[line.n + 1] = '\0';
	return out;
}

static enum err give_counter(struct reader *reader, struct str name, struct str value)
{
	struct config *config = reader->draft->config;
	struct fault reason = {""};
	size_t i = reader->part - config_draft_part(CONFIG_FLOW, 0);
	enum err e =
		config_flow_counter(&config->flows[i], name, value, reader->draft->arena, &reason);

	return e == ERR_CONFIG ? refuse(reader, reason.text) : e;
}

static enum err give(struct reader *reader, struct str key, struct str value)
{
	if (reader->section_count == 0)
		return refuse(reader, "a setting must stand below a [section]");
	if (config_draft_group(reader->part) == CONFIG_FLOW && str_starts(key, COUNTER))
		return give_counter(reader, str_sub(key, COUNTER.n, key.n), value);
	size_t row = config_table_find(reader->section, key);
	if (row == CONFIG_NO_ROW)
		return refuse_name(reader, "unknown setting", key);
	return config_draft_give(reader->draft, reader->part, row, reader->line, value);
}

/* inih's handler. Its section is cut at 49 octets; ours is not. */
static int take_setting(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;

	(void)section;
	if (reader->failed == OK)
		reader->failed = give(reader, str_of(name), str_of(value));
	return reader->failed == OK;
}

static enum err parse(struct config_draft *draft, struct str text)
{
	struct reader reader = {.draft = draft, .rest = text, .more = true};

	/* inih never sees the octets of a UTF-8 signature. */
	if (str_starts(text, STR("\xef\xbb\xbf")))
		reader.rest = str_sub(text, 3, text.n);
	int line = ini_parse_stream(next_line, &reader, take_setting, &reader);
	if (reader.failed != OK)
		return reader.failed;
	if (line != 0)
		return fault_set(draft->fault, "%s:%d: expected NAME = VALUE", draft->file, line);
	return OK;
}

static enum err read_text(struct config_draft *draft, int fd, struct str *out)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fault_set(draft->fault, "%s: is not a regular file", draft->file);
	if (st.st_size > FILE_MAX_BYTES)
		return fault_set(draft->fault, "%s: is larger than %d bytes", draft->file,
				 FILE_MAX_BYTES);
	size_t n = (size_t)st.st_size;
	char *text = arena_alloc(draft->arena, n + 1);
	if (text == NULL)
		return ERR_MEMORY;
	if (!file_read(fd, text, n))
		return fault_set(draft->fault, "%s: could not be read whole", draft->file);
	*out = (struct str){.p = text, .n = n};
	return OK;
}

enum err config_read_file(struct config_draft *draft)
{
	struct str text = STR_NONE;

	int fd = open(draft->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fault_set(draft->fault, "%s: %s", draft->file, strerrordesc_np(errno));
	enum err e = read_text(draft, fd, &text);
	close(fd);
	TRY(e);
	return parse(draft, text);
}

enum err config_read_environment(struct config_draft *draft)
{
	for (size_t row = 0; row < config_table_count(); row++) {
		const struct setting *setting = config_table_row(row);
		char name[CONFIG_ENV_NAME];

		if (config_table_group(str_of(setting->section)) != CONFIG_PLAIN)
			continue;
		config_draft_env_name(setting, name);
		struct str value = str_of(secure_getenv(name));
		if (str_is_present(value))
			TRY(config_draft_give(draft, 0, row, CONFIG_FROM_ENVIRONMENT,
					      str_trim(value)));
	}
	return OK;
}
