/* What new passwords are checked against, and the pepper that seals the stored ones. */
#include "breached.h"
#include "db.h"
#include "doctor.h"
#include "keyring.h"
#include "pepper.h"
#include "pepper_rows.h"

static void check_breached(struct doctor *doctor)
{
	const char *path = doctor->config->password.breached.p;
	struct fault fault = {""};

	if (path == NULL)
		return;
	if (breached_check(path, &fault) == OK)
		doctor_add(doctor, DOCTOR_OK, "breached", "",
			   "%s: first and last line and the order of some between are right", path);
	else
		doctor_add(doctor, DOCTOR_FAIL, "breached",
			   "no password can be set without it: put the list back, or take "
			   "password.breached out",
			   "%s", fault.text);
}

/* The first that does not open, or lies under another pepper than new ones; NULL: none. */
static const struct pepper_count *find_bad(const struct pepper_counts *counts, uint32_t newest)
{
	for (size_t i = 0; i < counts->n; i++)
		if (counts->of[i].closed > 0)
			return &counts->of[i];
	for (size_t i = 0; i < counts->n; i++)
		if (counts->of[i].number != newest)
			return &counts->of[i];
	return NULL;
}

static void judge_rows(struct doctor *doctor, const struct pepper_counts *counts)
{
	uint32_t newest = pepper_newest(doctor->ctl->auth.peppers);
	const struct pepper_count *bad = find_bad(counts, newest);

	if (bad != NULL && bad->closed > 0)
		doctor_add(doctor, DOCTOR_FAIL, "pepper",
			   "these people cannot sign in: put the pepper file back that has this "
			   "key; gatepost pepper status shows all",
			   "%llu passwords sealed under pepper %u do not open",
			   (unsigned long long)bad->closed, bad->number);
	else if (bad != NULL && bad->number == 0)
		doctor_add(doctor, DOCTOR_WARN, "pepper", "run gatepost pepper reseal",
			   "%llu passwords are not sealed", (unsigned long long)bad->rows);
	else if (bad != NULL)
		doctor_add(doctor, DOCTOR_WARN, "pepper",
			   "run gatepost pepper reseal; then the former one may be retired",
			   "%llu passwords lie under pepper %u, new ones under %u",
			   (unsigned long long)bad->rows, bad->number, newest);
	else if (newest == 0)
		doctor_add(doctor, DOCTOR_OK, "pepper", "",
			   "none: who has the database can try passwords against it");
	else
		doctor_add(doctor, DOCTOR_OK, "pepper", "",
			   "all stored passwords are sealed under pepper %u", newest);
}

static void check_rows(struct doctor *doctor)
{
	struct ctl *ctl = doctor->ctl;
	struct pepper_counts counts = {.n = 0};
	struct fault fault = {"no memory"};
	enum err e = db_open(doctor->config, DB_ROLE_HASH, &ctl->auth.hash_db);

	if (e == OK)
		e = db_connect(ctl->auth.hash_db, &fault);
	if (e == OK) {
		fault = (struct fault){"the stored passwords cannot be read"};
		e = pepper_count_rows(&ctl->auth, &counts);
	}
	db_close(&ctl->auth.hash_db);
	if (e == OK)
		judge_rows(doctor, &counts);
	else
		doctor_add(doctor, DOCTOR_FAIL, "pepper", "nobody can sign in without this account",
			   "account hash: %s", fault.text);
}

void doctor_passwords(struct doctor *doctor)
{
	const char *path = doctor->config->password.pepper_file.p;
	struct keyring *peppers = NULL;
	struct fault fault = {""};

	check_breached(doctor);
	if (path != NULL && keyring_load(path, &peppers, &fault) != OK) {
		doctor_add(doctor, DOCTOR_FAIL, "pepper",
			   "no worker starts without it, and no sealed password opens", "%s",
			   fault.text);
		return;
	}
	doctor->ctl->auth.peppers = peppers;
	if (doctor->ctl->auth.db != NULL)
		check_rows(doctor);
	doctor->ctl->auth.peppers = NULL;
	keyring_free(&peppers);
}
