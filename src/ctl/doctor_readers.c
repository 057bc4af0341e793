/* Who could read the key file and the password files of the database accounts. */
#include <stdio.h>
#include <sys/stat.h>

#include "buf.h"
#include "config.h"
#include "doctor.h"
#include "person.h"

#define TEXT_MAX 4096

/* The worker's user, as far as one can tell: run_dir is its own. False: there is no run_dir. */
static bool find_worker(const struct doctor *doctor, struct person *out)
{
	struct stat st;

	if (stat(doctor->config->server.run_dir.p, &st) != 0)
		return false;
	person_of_uid(st.st_uid, out);
	return true;
}

/* "NAME (FILE, …)" for one user and the files it can read. How many. */
static size_t list_readable(const struct doctor *doctor, const struct person *person,
			    struct buf *text)
{
	const struct config *config = doctor->config;
	const char *files[] = {
		config->server.key_file.p,
		config->password.pepper_file.p,
		config->database.accounts[DB_ROLE_WEB].password_file.p,
		config->database.accounts[DB_ROLE_HASH].password_file.p,
		config->database.accounts[DB_ROLE_GUARD].password_file.p,
		config->database.accounts[DB_ROLE_MAIL].password_file.p,
		config->mail.smtp_password_file.p,
		config->database.accounts[DB_ROLE_MIGRATE].password_file.p,
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (files[i] == NULL || !person_can_read(person, files[i]))
			continue;
		if (n == 0)
			buf_addf(text, "%s%s can read", text->n > 0 ? "; " : "", person->name);
		buf_addf(text, "%s %.900s", n > 0 ? "," : "", files[i]);
		n++;
	}
	return n;
}

static void check_servers(struct doctor *doctor, const struct person *worker)
{
	struct person servers[PERSON_SERVERS_MAX];
	size_t n = person_servers(servers);
	enum doctor_result result = DOCTOR_OK;
	struct str detail = STR_NONE;
	struct buf text;

	buf_init(&text, doctor->arena, TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		if (list_readable(doctor, &servers[i], &text) == 0)
			continue;
		if (worker == NULL || servers[i].uid != worker->uid)
			result = DOCTOR_FAIL;
		else if (result == DOCTOR_OK)
			result = DOCTOR_WARN;
	}
	if (buf_str(&text, &detail) != OK)
		detail = STR("users of web servers or PHP can read many of the secret files");
	if (result == DOCTOR_OK)
		doctor_add(doctor, DOCTOR_OK, "secret-readers", "",
			   "no user of a web server or of PHP can read keys or passwords "
			   "(looked at: %zu)",
			   n);
	else
		doctor_add_text(doctor, result, "secret-readers",
				"any script of that user could sign in as anybody: run the worker "
				"as a user of its own, files 0600 and owned by it",
				detail);
}

static void check_migrate(struct doctor *doctor, const struct person *worker)
{
	const char *path = doctor->config->database.accounts[DB_ROLE_MIGRATE].password_file.p;
	struct stat st;

	if (path == NULL || stat(path, &st) != 0)
		doctor_add(doctor, DOCTOR_OK, "migrate-password", "",
			   "not to be found from here; only gatepost migrate needs it");
	else if (worker != NULL && person_can_read(worker, path))
		doctor_add(doctor, DOCTOR_WARN, "migrate-password",
			   "it may drop every table: let only the user read it that runs gatepost "
			   "migrate",
			   "%s can be read by %s, as whom the worker runs", path, worker->name);
	else
		doctor_add(doctor, DOCTOR_OK, "migrate-password", "",
			   "%s cannot be read by the worker's user", path);
}

void doctor_readers(struct doctor *doctor)
{
	struct person worker;
	bool known = find_worker(doctor, &worker);

	check_servers(doctor, known ? &worker : NULL);
	check_migrate(doctor, known ? &worker : NULL);
}
