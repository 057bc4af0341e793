/* Files and folders: configuration, keys, passwords, run_dir, templates, and the way to them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blocklist.h"
#include "catalogue.h"
#include "clock.h"
#include "config.h"
#include "doctor.h"
#include "document.h"
#include "keyring.h"
#include "template.h"

#define KEY_AGE_MAX (365 * CLOCK_DAY)

static void check_config(struct doctor *doctor)
{
	const char *path = doctor->config->file.p;
	struct stat st;

	if (stat(path, &st) != 0)
		doctor_add(doctor, DOCTOR_WARN, "config", "", "%s: %s", path,
			   strerrordesc_np(errno));
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		doctor_add(doctor, DOCTOR_WARN, "config", "chmod go-w: whoever writes it decides",
			   "%s loads, but group or others may write it (mode %04o)", path,
			   (unsigned)st.st_mode & 07777U);
	else
		doctor_add(doctor, DOCTOR_OK, "config", "", "%s loads", path);
}

static void check_keys(struct doctor *doctor)
{
	const char *path = doctor->config->server.key_file.p;
	struct keyring *keys = NULL;
	struct fault fault = {""};
	struct stat st;

	if (keyring_load(path, &keys, &fault) != OK || stat(path, &st) != 0) {
		doctor_add(doctor, DOCTOR_FAIL, "key-file",
			   "without it nobody can sign in; gatepost setup makes one where there "
			   "is none",
			   "%s", fault.text);
		return;
	}
	int64_t age = doctor->ctl->auth.now - (int64_t)st.st_mtime * CLOCK_SECOND;
	size_t roots = keyring_roots(keys);
	keyring_free(&keys);
	doctor_add(doctor, age > KEY_AGE_MAX ? DOCTOR_WARN : DOCTOR_OK, "key-file",
		   age > KEY_AGE_MAX ? "add a new root with gatepost key rotate-root: nobody is "
				       "signed out"
				     : "",
		   "%s: mode %04o, %zu root key%s in use, changed %lld days ago", path,
		   (unsigned)st.st_mode & 07777U, roots, roots == 1 ? "" : "s",
		   (long long)(age / CLOCK_DAY));
}

static void check_run_dir(struct doctor *doctor)
{
	const char *path = doctor->config->server.run_dir.p;
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		doctor_add(doctor, DOCTOR_FAIL, "run-dir", "make it, for the worker's user, 0700",
			   "%s is not a directory", path);
	else if ((st.st_mode & S_IWOTH) != 0)
		doctor_add(doctor, DOCTOR_FAIL, "run-dir",
			   "chmod o-w, or the worker will not start",
			   "%s can be written by everybody (mode %04o)", path,
			   (unsigned)st.st_mode & 07777U);
	else if ((st.st_mode & S_IWGRP) != 0)
		doctor_add(doctor, DOCTOR_WARN, "run-dir",
			   "chmod g-w: who writes there can put another socket in place",
			   "%s can be written by its group (mode %04o)", path,
			   (unsigned)st.st_mode & 07777U);
	else
		doctor_add(doctor, DOCTOR_OK, "run-dir", "", "%s: user %u, mode %04o", path,
			   (unsigned)st.st_uid, (unsigned)st.st_mode & 07777U);
}

static void check_blocklist(struct doctor *doctor)
{
	const char *path = doctor->config->password.blocklist.p;
	struct fault fault;

	if (blocklist_load(path, doctor->arena, &doctor->ctl->auth.blocklist, &fault) == OK)
		doctor_add(doctor, DOCTOR_OK, "blocklist", "", "%s loads", path);
	else
		doctor_add(doctor, DOCTOR_FAIL, "blocklist",
			   "install the file again, or set password.blocklist to one that can be "
			   "read",
			   "%s", fault.text);
}

static void check_templates(struct doctor *doctor)
{
	const char *path = doctor->config->server.template_dir.p;
	const struct template_set *templates = NULL;
	const struct catalogue *texts = NULL;
	const struct language *language = NULL;
	struct fault fault = {""};

	if (catalogue_load(path, doctor->arena, &texts, &fault) == OK &&
	    catalogue_default(texts, doctor->config->server.language, &language, &fault) == OK &&
	    template_load(path, texts, doctor->arena, &templates, &fault) == OK)
		doctor_add(doctor, DOCTOR_OK, "templates", "", "%s loads", path);
	else
		doctor_add(doctor, DOCTOR_FAIL, "templates",
			   "a worker will not start, nor reload, with this", "%s", fault.text);
}

static void check_document(struct doctor *doctor)
{
	struct str document = STR_NONE;
	struct fault fault = {""};

	if (document_load(doctor->config, doctor->arena, &document, &fault) == OK)
		doctor_add(doctor, DOCTOR_OK, "openapi", "", "%s loads",
			   doctor->config->server.openapi.p);
	else
		doctor_add(doctor, DOCTOR_FAIL, "openapi",
			   "install the file again, or set server.openapi to where it is", "%s",
			   fault.text);
}

/* Others may write it and take away what is not theirs. */
static bool is_open(const char *dir)
{
	struct stat st;

	return stat(dir, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & S_IWOTH) != 0 &&
	       (st.st_mode & S_ISVTX) == 0;
}

/* The folder above (or path itself, if it is one) that everybody may write; false: none. */
static bool find_open(const char *path, char found[PATH_MAX])
{
	if (realpath(path, found) == NULL)
		return false;
	while (found[0] != '\0') {
		if (is_open(found))
			return true;
		*strrchr(found, '/') = '\0';
	}
	return false;
}

static void check_folders(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	const char *paths[] = {
		config->file.p,
		config->server.key_file.p,
		config->password.pepper_file.p,
		config->password.breached.p,
		config->server.run_dir.p,
		config->server.template_dir.p,
		config->server.sql_dir.p,
		config->server.openapi.p,
		config->database.accounts[DB_ROLE_WEB].password_file.p,
		config->database.accounts[DB_ROLE_HASH].password_file.p,
		config->database.accounts[DB_ROLE_GUARD].password_file.p,
		config->database.accounts[DB_ROLE_MAIL].password_file.p,
		config->mail.smtp_password_file.p,
		config->database.accounts[DB_ROLE_MIGRATE].password_file.p,
	};
	char folder[PATH_MAX];
	size_t bad = 0;

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (paths[i] == NULL || !find_open(paths[i], folder))
			continue;
		doctor_add(doctor, DOCTOR_FAIL, "folders",
			   "chmod o-w: anybody could put another file in its place",
			   "%s, on the way to %s, can be written by everybody", folder, paths[i]);
		bad++;
	}
	if (bad == 0)
		doctor_add(doctor, DOCTOR_OK, "folders", "",
			   "nobody else may write on the way to keys, passwords, templates and "
			   "migrations");
}

void doctor_files(struct doctor *doctor)
{
	check_config(doctor);
	check_keys(doctor);
	check_run_dir(doctor);
	check_templates(doctor);
	check_document(doctor);
	check_blocklist(doctor);
	check_folders(doctor);
}
