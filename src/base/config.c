/* Loading gatepost.conf: read, completed, checked as a whole, passwords fetched. */
#include "config.h"

#include <string.h>

#include "arena.h"
#include "config_client.h"
#include "config_draft.h"
#include "config_factor.h"
#include "config_flow.h"
#include "config_mail.h"
#include "config_protect.h"
#include "config_read.h"
#include "config_value.h"
#include "secret_file.h"

#define DEFAULT_SOCKET STR("/run/mysqld/mysqld.sock")
#define HTTPS_BYTES 8

/* Where config_draft_refuse looks a setting up. */
static size_t row_of(const char *section, const char *key)
{
	return config_table_find(str_of(section), str_of(key));
}

static enum err check_database(struct config_draft *draft)
{
	struct config *config = draft->config;
	bool has_socket = str_is_present(config->database.socket);
	bool has_host = str_is_present(config->database.host);

	if (has_socket && has_host)
		return config_draft_refuse(draft, 0, row_of("database", "host"),
					   "and socket exclude each other");
	if (has_host && !config_value_is_loopback(config->database.host) &&
	    !str_is_present(config->database.tls_ca))
		return config_draft_refuse(draft, 0, row_of("database", "host"),
					   "is another machine: tls_ca is required");
	if (!has_socket && !has_host)
		config->database.socket = DEFAULT_SOCKET;
	return OK;
}

static int64_t span_at(const struct config *config, size_t row)
{
	int64_t value = 0;

	memcpy(&value, (const unsigned char *)config + config_table_row(row)->offset, sizeof value);
	return value;
}

static enum err check_limits(struct config_draft *draft)
{
	static const char *const pairs[][2] = {
		{"browser_idle", "browser_absolute"},   {"remembered_idle", "remembered_absolute"},
		{"native_idle", "native_absolute"},     {"guest_idle", "guest_absolute"},
		{"elevated_idle", "elevated_absolute"}, {"aal2_idle", "aal2_absolute"},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		size_t idle = row_of("session", pairs[i][0]);
		size_t absolute = row_of("session", pairs[i][1]);
		if (span_at(draft->config, idle) <= span_at(draft->config, absolute))
			continue;
		if (config_draft_is_given(draft, 0, idle))
			return config_draft_refuse(draft, 0, idle,
						   "must not be longer than the absolute limit");
		return config_draft_refuse(draft, 0, absolute,
					   "must not be shorter than the idle limit");
	}
	return OK;
}

static enum err check_listeners(struct config_draft *draft)
{
	const struct config *config = draft->config;

	for (size_t i = 0; i < config->listener_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (str_equal(config->listeners[i].address, config->listeners[k].address))
				return config_draft_refuse(
					draft, config_draft_part(CONFIG_LISTEN, i),
					row_of("listen", "address"), "is that of another section");
		}
	}
	return OK;
}

/* Without a line's end: that is the editor's. NUL would cut it on its way to the database. */
static enum err take_password(struct secret file, struct secret *out, const char **reason)
{
	if (file.len > 0 && file.bytes[file.len - 1] == '\n')
		file.len--;
	if (file.len == 0) {
		*reason = "names an empty file";
		return ERR_CONFIG;
	}
	if (memchr(file.bytes, '\0', file.len) != NULL ||
	    memchr(file.bytes, '\n', file.len) != NULL) {
		*reason = "names a file with more than one line";
		return ERR_CONFIG;
	}
	file.bytes[file.len] = '\0';
	*out = file;
	return OK;
}

/* Unless it must be there, it may stay unreadable: no program needs them all. */
static enum err read_password(struct config_draft *draft, size_t row, struct str path, bool must,
			      struct secret *out)
{
	struct fault why = {""};
	struct secret file = SECRET_NONE;
	const char *reason = why.text;

	if (!str_is_present(path))
		return OK;
	enum err e = secret_file_read(path.p, draft->arena, &file, &why);
	if (e == ERR_IO && !must)
		return OK;
	if (e == OK)
		e = take_password(file, out, &reason);
	if (e == OK || e == ERR_MEMORY)
		return e;
	return config_draft_refuse(draft, 0, row, reason);
}

static enum err read_account(struct config_draft *draft, enum db_role role, const char *key)
{
	struct db_account *account = &draft->config->database.accounts[role];
	bool own = role == DB_ROLE_WEB || role == DB_ROLE_HASH;

	return read_password(draft, row_of("database", key), account->password_file, own,
			     &account->password);
}

static enum err read_passwords(struct config_draft *draft)
{
	struct config *config = draft->config;

	TRY(read_account(draft, DB_ROLE_WEB, "web_password_file"));
	TRY(read_account(draft, DB_ROLE_HASH, "hash_password_file"));
	TRY(read_account(draft, DB_ROLE_GUARD, "guard_password_file"));
	TRY(read_account(draft, DB_ROLE_MAIL, "mail_password_file"));
	TRY(read_account(draft, DB_ROLE_MIGRATE, "migrate_password_file"));
	return read_password(draft, row_of("mail", "smtp_password_file"),
			     config->mail.smtp_password_file, false, &config->mail.smtp_password);
}

static enum err load(struct config_draft *draft)
{
	TRY(str_copy(draft->arena, str_of(draft->file), &draft->config->file));
	TRY(config_read_file(draft));
	TRY(config_read_environment(draft));
	TRY(config_draft_complete(draft));

	struct str origin = draft->config->server.origin;
	draft->config->server.host = str_sub(origin, HTTPS_BYTES, origin.n);
	TRY(check_database(draft));
	TRY(check_limits(draft));
	TRY(check_listeners(draft));
	TRY(config_flow_check(draft));
	TRY(config_client_check(draft));
	TRY(config_protect_check(draft));
	TRY(config_mail_check(draft));
	TRY(config_factor_check(draft));
	return read_passwords(draft);
}

enum err config_load(const char *path, struct arena *arena, const struct config **out,
		     struct fault *fault)
{
	struct config_draft *draft = arena_alloc(arena, sizeof *draft);
	enum err e = ERR_MEMORY;

	if (draft != NULL) {
		draft->file = path;
		draft->arena = arena;
		draft->fault = fault;
		draft->config = arena_alloc(arena, sizeof *draft->config);
		e = draft->config == NULL ? ERR_MEMORY : load(draft);
	}
	if (e == ERR_MEMORY)
		(void)fault_set(fault, "%s: no memory to read it", path);
	if (e != OK)
		return e;
	*out = draft->config;
	return OK;
}

const char *config_class_name(enum session_class c)
{
	static const char *const names[CLASS_COUNT] = {
		[CLASS_NONE] = "none",       [CLASS_GUEST] = "guest",
		[CLASS_BROWSER] = "browser", [CLASS_REMEMBERED] = "remembered",
		[CLASS_NATIVE] = "native",
	};

	return (unsigned)c < CLASS_COUNT ? names[c] : names[CLASS_NONE];
}
