/* What the commands share: saying things, options, finding a user. */
#include "ctl.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "account.h"

enum ctl_exit ctl_say(enum ctl_exit code, const char *format, ...)
{
	va_list arguments;

	(void)fputs("gatepost: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	return code;
}

enum ctl_exit ctl_failed(const struct ctl *ctl, enum err e)
{
	if (ctl->fault.text[0] != '\0')
		return ctl_say(CTL_UNAVAILABLE, "%s", ctl->fault.text);
	if (e == ERR_UNCERTAIN)
		return ctl_say(CTL_UNAVAILABLE,
			       "the connection to the database was lost: it is uncertain whether "
			       "this was done; look before you repeat it");
	if (e == ERR_UNAVAILABLE)
		return ctl_say(CTL_UNAVAILABLE,
			       "the database did not answer; nothing was done, try again");
	return ctl_say(CTL_UNAVAILABLE, "failed: %s", err_name(e));
}

void ctl_hold_signals(sigset_t *was)
{
	sigset_t ending;

	(void)sigemptyset(&ending);
	(void)sigaddset(&ending, SIGINT);
	(void)sigaddset(&ending, SIGTERM);
	(void)sigaddset(&ending, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &ending, was);
}

bool ctl_given(const struct ctl *ctl, enum ctl_option option)
{
	return ctl->line.values[option] != NULL;
}

struct str ctl_value(const struct ctl *ctl, enum ctl_option option)
{
	return str_of(ctl->line.values[option]);
}

bool ctl_find_user(struct ctl *ctl, struct str who, struct user_row *user, enum ctl_exit *code)
{
	bool found = false;
	enum err e = account_find(&ctl->auth, who, user, &found);

	if (e != OK)
		*code = ctl_failed(ctl, e);
	else if (!found)
		*code = ctl_say(CTL_REFUSED, "there is no such user: %.*s", (int)who.n, who.p);
	return e == OK && found;
}
