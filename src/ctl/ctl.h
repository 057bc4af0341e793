/* What every command of `gatepost` is given and how it answers. */
#ifndef GATEPOST_CTL_CTL_H
#define GATEPOST_CTL_CTL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "str.h"

struct tenant_row;
struct user_row;

/* Exit codes of the program; gatepost(8). */
enum ctl_exit {
	CTL_FINE = 0,
	CTL_REFUSED = 1, /* what was asked for was refused, or is not there */
	CTL_USAGE = 2,
	CTL_UNAVAILABLE = 3 /* configuration, keys or database */
};

enum ctl_option {
	CTL_USERNAME,
	CTL_EMAIL,
	CTL_DISPLAY_NAME,
	CTL_ROLE,
	CTL_PASSWORD_STDIN,
	CTL_USER,
	CTL_ALL,
	CTL_SOURCE,
	CTL_ADD,
	CTL_REMOVE,
	CTL_SESSION,
	CTL_REASON,
	CTL_EVENT,
	CTL_SINCE,
	CTL_LIMIT,
	CTL_CURSOR,
	CTL_CA,
	CTL_RESOLVE,
	CTL_HTTP_PORT,
	CTL_NO_DRILL,
	CTL_OFFLINE,
	CTL_TARGET,
	CTL_KEEP_SESSIONS,
	CTL_TENANT,
	CTL_NAME,
	CTL_TITLE,
	CTL_DEFAULT,
	CTL_FACTS_STDIN,
	CTL_NOW,
	CTL_SCOPE,
	CTL_OVERLAP,
	CTL_SECRET_FILE,
	CTL_ELEVATED,
	CTL_METHOD,
	CTL_IP,
	CTL_AAL2,
	CTL_SIGNED_IN,
	CTL_HTPASSWD,
	CTL_GROUPS,
	CTL_CSV,
	CTL_DRY_RUN,
	CTL_LANGUAGE,
	CTL_WAITING,
	CTL_DEAD,
	CTL_STOP,
	CTL_OPTION_COUNT
};

#define CTL_ROLES_MAX 16
#define CTL_OPERANDS_MAX 16

/* The command line, taken apart. */
struct ctl_line {
	const char *config_file;
	bool json;
	bool help;
	bool version;
	const char *values[CTL_OPTION_COUNT]; /* NULL: not given; "" for a flag */
	struct str roles[CTL_ROLES_MAX];
	size_t role_count;
	const char *words[2 + CTL_OPERANDS_MAX]; /* noun, verb, operands */
	size_t word_count;
};

/* How much a command needs before it runs. */
enum ctl_need {
	CTL_NEED_NOTHING = 0,
	CTL_NEED_CONFIG,
	CTL_NEED_KEYS,     /* and the configuration */
	CTL_NEED_DATABASE, /* and both */
	CTL_NEED_HASHES    /* and the account that reads them */
};

struct ctl {
	struct ctl_line line;
	struct str operand;                    /* the word after the verb; absent: none */
	struct str operands[CTL_OPERANDS_MAX]; /* it, and those behind it */
	struct fault fault;
	struct auth_context auth; /* filled as far as the command's need goes */
};

/* One row of the table of commands. */
struct ctl_command {
	const char *noun;
	const char *verb;        /* NULL: the noun stands alone */
	const char *synopsis;    /* what follows the words */
	const char *description; /* a sentence or more */
	uint64_t options;        /* bit 1 << enum ctl_option for each */
	unsigned operands;       /* takes so many */
	enum ctl_need need;
	bool asks_for_user; /* with --user it needs the database */
	enum ctl_exit (*run)(struct ctl *ctl);
};

/* The rows of the table, one after the other; NULL: there are no more. */
const struct ctl_command *ctl_command_at(size_t i);
/*
 * Its parts in commands_key.c, commands_service.c, commands_mail.c, commands_guard.c and
 * commands_pepper.c (static, *n rows) and commands_roles.c.
 */
const struct ctl_command *ctl_commands_of_keys(size_t *n);
const struct ctl_command *ctl_commands_of_peppers(size_t *n);
const struct ctl_command *ctl_commands_of_guard(size_t *n);
const struct ctl_command *ctl_commands_of_services(size_t *n);
const struct ctl_command *ctl_commands_of_mail(size_t *n);
extern const struct ctl_command ctl_role_commands[];
extern const size_t ctl_role_command_count;

/* "gatepost: …" on standard error, and the code. */
enum ctl_exit ctl_say(enum ctl_exit code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The line and code for an error that no command explains better. */
enum ctl_exit ctl_failed(const struct ctl *ctl, enum err e);

/* Keeps signals that end the program until *was is set again: what was begun is cleared up first.
 */
void ctl_hold_signals(sigset_t *was);

bool ctl_given(const struct ctl *ctl, enum ctl_option option);
struct str ctl_value(const struct ctl *ctl, enum ctl_option option);

/* Finds by user name, address or id. False: *code says why not, and it was said. */
bool ctl_find_user(struct ctl *ctl, struct str who, struct user_row *user, enum ctl_exit *code);

/* What is wrong with an account (enum account_flaw), for a person; static, in cmd_user.c. */
const char *ctl_account_flaw_text(unsigned flaw);

/* Gives the operand's user a role everywhere, or takes it; in cmd_account.c. */
enum ctl_exit ctl_change_role(struct ctl *ctl, struct str role, bool give);
/* The same in the tenant of --tenant, in cmd_member.c. */
enum ctl_exit ctl_change_member_role(struct ctl *ctl, struct str role, bool give);

/* The same by name or id, in cmd_tenant.c. */
bool ctl_find_tenant(struct ctl *ctl, struct str which, struct tenant_row *tenant,
		     enum ctl_exit *code);

/* The commands. */
enum ctl_exit cmd_migrate(struct ctl *ctl);
enum ctl_exit cmd_setup(struct ctl *ctl);
enum ctl_exit cmd_user_add(struct ctl *ctl);
enum ctl_exit cmd_user_import(struct ctl *ctl);
enum ctl_exit cmd_invite(struct ctl *ctl);
enum ctl_exit cmd_invitation_withdraw(struct ctl *ctl);
enum ctl_exit cmd_user_list(struct ctl *ctl);
enum ctl_exit cmd_user_show(struct ctl *ctl);
enum ctl_exit cmd_user_passwd(struct ctl *ctl);
enum ctl_exit cmd_session_list(struct ctl *ctl);
enum ctl_exit cmd_session_revoke(struct ctl *ctl);
enum ctl_exit cmd_user_lock(struct ctl *ctl);
enum ctl_exit cmd_user_unlock(struct ctl *ctl);
enum ctl_exit cmd_user_reopen(struct ctl *ctl);
enum ctl_exit cmd_user_hold(struct ctl *ctl);
enum ctl_exit cmd_user_compromised(struct ctl *ctl);
enum ctl_exit cmd_user_recover(struct ctl *ctl);
enum ctl_exit cmd_user_reset_factors(struct ctl *ctl);
enum ctl_exit cmd_user_role(struct ctl *ctl);
enum ctl_exit cmd_audit_list(struct ctl *ctl);
enum ctl_exit cmd_audit_tail(struct ctl *ctl);
enum ctl_exit cmd_config_check(struct ctl *ctl);
enum ctl_exit cmd_purge(struct ctl *ctl);
enum ctl_exit cmd_throttle_list(struct ctl *ctl);
enum ctl_exit cmd_throttle_clear(struct ctl *ctl);
enum ctl_exit cmd_doctor(struct ctl *ctl);
enum ctl_exit cmd_password_calibrate(struct ctl *ctl);
enum ctl_exit cmd_restore_check(struct ctl *ctl);
enum ctl_exit cmd_tenant_add(struct ctl *ctl);
enum ctl_exit cmd_tenant_list(struct ctl *ctl);
enum ctl_exit cmd_tenant_rename(struct ctl *ctl);
enum ctl_exit cmd_tenant_remove(struct ctl *ctl);
enum ctl_exit cmd_role_add(struct ctl *ctl);
enum ctl_exit cmd_role_remove(struct ctl *ctl);
enum ctl_exit cmd_role_list(struct ctl *ctl);
enum ctl_exit cmd_role_show(struct ctl *ctl);
enum ctl_exit cmd_role_grant(struct ctl *ctl);
enum ctl_exit cmd_role_revoke(struct ctl *ctl);
enum ctl_exit cmd_permission_add(struct ctl *ctl);
enum ctl_exit cmd_permission_remove(struct ctl *ctl);
enum ctl_exit cmd_permission_list(struct ctl *ctl);
enum ctl_exit cmd_member_add(struct ctl *ctl);
enum ctl_exit cmd_member_remove(struct ctl *ctl);
enum ctl_exit cmd_member_role(struct ctl *ctl);
enum ctl_exit cmd_member_list(struct ctl *ctl);
enum ctl_exit cmd_flow_list(struct ctl *ctl);
enum ctl_exit cmd_flow_show(struct ctl *ctl);
enum ctl_exit cmd_flow_end(struct ctl *ctl);
enum ctl_exit cmd_flow_fact(struct ctl *ctl);
enum ctl_exit cmd_flow_step(struct ctl *ctl);
enum ctl_exit cmd_key_list(struct ctl *ctl);
enum ctl_exit cmd_key_rotate(struct ctl *ctl);
enum ctl_exit cmd_key_retire(struct ctl *ctl);
enum ctl_exit cmd_key_reseal(struct ctl *ctl);
enum ctl_exit cmd_key_rotate_root(struct ctl *ctl);
enum ctl_exit cmd_key_retire_root(struct ctl *ctl);
enum ctl_exit cmd_pin(struct ctl *ctl);
enum ctl_exit cmd_pepper_new(struct ctl *ctl);
enum ctl_exit cmd_pepper_rotate(struct ctl *ctl);
enum ctl_exit cmd_pepper_retire(struct ctl *ctl);
enum ctl_exit cmd_pepper_reseal(struct ctl *ctl);
enum ctl_exit cmd_pepper_status(struct ctl *ctl);
enum ctl_exit cmd_service_add(struct ctl *ctl);
enum ctl_exit cmd_service_list(struct ctl *ctl);
enum ctl_exit cmd_service_show(struct ctl *ctl);
enum ctl_exit cmd_service_rotate(struct ctl *ctl);
enum ctl_exit cmd_service_scope(struct ctl *ctl);
enum ctl_exit cmd_service_disable(struct ctl *ctl);
enum ctl_exit cmd_service_enable(struct ctl *ctl);
enum ctl_exit cmd_service_remove(struct ctl *ctl);
enum ctl_exit cmd_guard_explain(struct ctl *ctl);
enum ctl_exit cmd_guard_check(struct ctl *ctl);
enum ctl_exit cmd_mail_list(struct ctl *ctl);
enum ctl_exit cmd_mail_retry(struct ctl *ctl);
enum ctl_exit cmd_mail_test(struct ctl *ctl);

#endif
