/* gatepost doctor */
#include "arena.h"
#include "clock.h"
#include "db.h"
#include "doctor.h"
#include "keyring.h"
#include "log.h"
#include "password.h"

/* What cannot be opened is named by the check whose business it is; the others go on without it. */
static void open_keys(struct doctor *doctor, struct keyring **keys)
{
	struct fault ignored = {""};

	if (keyring_load(doctor->config->server.key_file.p, keys, &ignored) == OK)
		doctor->ctl->auth.keys = *keys;
}

/* HOST:PORT:ADDRESS; what host and address may be is for the resolver to say. */
static bool is_resolve(struct str text)
{
	struct str host = STR_NONE;
	struct str port = STR_NONE;
	struct str address = STR_NONE;
	uint64_t number = 0;

	return str_cut(text, ':', &host, &port) && str_cut(port, ':', &port, &address) &&
	       host.n > 0 && address.n > 0 && str_to_u64(port, UINT16_MAX, &number) == OK;
}

/* NULL: the options are fine. */
static const char *wrong_options(const struct ctl *ctl)
{
	struct str port = ctl_value(ctl, CTL_HTTP_PORT);
	uint64_t number = 0;

	if (ctl_given(ctl, CTL_OFFLINE) &&
	    (ctl_given(ctl, CTL_CA) || ctl_given(ctl, CTL_RESOLVE) ||
	     ctl_given(ctl, CTL_HTTP_PORT) || ctl_given(ctl, CTL_NO_DRILL)))
		return "--offline asks nothing through the URL: the other options do not go with "
		       "it";
	if (str_is_present(port) && str_to_u64(port, UINT16_MAX, &number) != OK)
		return "--http-port must be a number up to 65535";
	if (ctl_given(ctl, CTL_RESOLVE) && !is_resolve(ctl_value(ctl, CTL_RESOLVE)))
		return "--resolve must be HOST:PORT:ADDRESS";
	return NULL;
}

enum ctl_exit cmd_doctor(struct ctl *ctl)
{
	struct doctor *doctor = arena_alloc(ctl->auth.arena, sizeof *doctor);
	struct keyring *keys = NULL;
	struct hasher *hasher = NULL;
	const char *wrong = wrong_options(ctl);

	if (wrong != NULL)
		return ctl_say(CTL_USAGE, "%s", wrong);
	if (doctor == NULL || hasher_open(ctl->auth.config, NULL, &hasher) != OK)
		return ctl_say(CTL_UNAVAILABLE, "no memory");
	*doctor = (struct doctor){
		.ctl = ctl,
		.config = ctl->auth.config,
		.arena = ctl->auth.arena,
		.complete = true,
	};
	/* What a statement meets is told by its check; and the drill's decisions are no news. */
	log_set_level(LOG_LEVEL_ERROR);
	ctl->auth.hasher = hasher;
	open_keys(doctor, &keys);
	doctor_files(doctor);
	doctor_readers(doctor);
	doctor_sockets(doctor);
	doctor_database(doctor);
	doctor_rights(doctor);
	doctor_names(doctor);
	doctor_mail(doctor);
	doctor_passwords(doctor);
	doctor_guard(doctor);
	if (!ctl_given(ctl, CTL_OFFLINE))
		doctor_web(doctor);
	enum ctl_exit code = doctor_report(doctor);
	db_close(&ctl->auth.db);
	hasher_close(&hasher);
	keyring_free(&keys);
	return code;
}
