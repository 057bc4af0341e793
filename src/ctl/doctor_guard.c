/* What the guard is asked through: whose sockets they are, and whether they let strangers in. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "authorizer_ask.h"
#include "buf.h"
#include "codec.h"
#include "doctor.h"
#include "explain.h"
#include "guard_check.h"
#include "guard_judge.h"
#include "person.h"
#include "secret.h"
#include "tcp_owner.h"

#define TARGET_MAX 4096
#define RANDOM_BYTES 6
#define FREE_PORT                                                                                  \
	"; note that any user of this host who takes the port while the worker is down lets "      \
	"everybody in: choose one below 1024 (docs/guard.md)"

static bool is_unix(const struct listen_config *listener)
{
	return str_contains(listener->address, '/');
}

bool doctor_has_authorizer(const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++)
		if (config->listeners[i].role == LISTEN_AUTHORIZER)
			return true;
	return false;
}

/* A section's path is decoded. */
static void add_path(struct buf *text, struct str path)
{
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '/')
			buf_add_char(text, '/');
		else
			url_add_encoded(text, str_sub(path, i, i + 1));
	}
}

/* A name that nobody has, in a folder. */
static enum err name_in(const struct doctor *doctor, struct str folder, struct str *out)
{
	unsigned char random[RANDOM_BYTES];
	struct buf text;

	secret_random_bytes(random, sizeof random);
	buf_init(&text, doctor->arena, TARGET_MAX);
	add_path(&text, folder);
	buf_add(&text, STR("/gatepost-doctor-"));
	codec_add_hex(&text, random, sizeof random);
	return buf_str(&text, out);
}

static enum err is_closed(const struct doctor *doctor, struct str target, bool *closed)
{
	const struct explain_question question = {
		.url = target,
		.method = STR("GET"),
		.ip = STR(""),
		.now = doctor->ctl->auth.now,
		.session = {.standing = SESSION_ABSENT},
	};
	struct explanation e;

	TRY(explain_decide(doctor->config, doctor->arena, &question, &e));
	*closed = e.kind == EXPLAIN_DECIDED && !explain_is_served(&e);
	return OK;
}

/* A place that no rule lets a stranger from nowhere into. *found false: there is none. */
static enum err find_closed(const struct doctor *doctor, struct str *target, bool *found)
{
	const struct config *config = doctor->config;

	TRY(name_in(doctor, STR(""), target));
	TRY(is_closed(doctor, *target, found));
	for (size_t i = 0; i < config->protect_count && !*found; i++) {
		TRY(name_in(doctor, config->protects[i].path, target));
		TRY(is_closed(doctor, *target, found));
	}
	return OK;
}

static void judge_asked(struct doctor *doctor, const char *address, struct str target,
			const struct fetch_answer *answer)
{
	switch (guard_judge(doctor->config, target, answer)) {
	case GUARD_REFUSED:
		if (answer->status != 503) {
			doctor_add(doctor, DOCTOR_OK, "authorizer", "",
				   "%s: a stranger is refused (%d)", address, answer->status);
			break;
		}
		doctor_add(doctor, DOCTOR_FAIL, "authorizer",
			   "see account-guard and database: nobody gets in",
			   "%s: answers 503 to whoever asks", address);
		break;
	case GUARD_SERVED:
		doctor_add(doctor, DOCTOR_FAIL, "authorizer",
			   "everything behind it is open: find out what listens there and stop it; "
			   "if it is the worker, it has other rules: reload it",
			   "%s: LETS STRANGERS IN: a request without a session is granted (%d)",
			   address, answer->status);
		break;
	case GUARD_UNANSWERED:
		doctor_add(doctor, DOCTOR_FAIL, "authorizer",
			   "is it the worker that listens there, with role = authorizer?",
			   "%s: gives no answer to an authorizer's request: %s", address,
			   answer->trouble);
		break;
	default:
		doctor_add(doctor, DOCTOR_FAIL, "authorizer",
			   "find out what listens there: it decides who is let in",
			   "%s: refuses (%d), but not as Gatepost does", address, answer->status);
	}
}

static int dial(const struct sockaddr *name, socklen_t n)
{
	int fd = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, name, n) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* That nobody answers is said by doctor_sockets. */
static void ask(struct doctor *doctor, const char *address, int fd)
{
	struct authorizer_question question = {.host = doctor->config->server.host};
	struct fetch_answer answer = {.answered = false};
	bool found = false;

	if (fd < 0)
		return;
	if (find_closed(doctor, &question.target, &found) != OK) {
		doctor->complete = false;
		(void)close(fd);
		return;
	}
	if (!found) {
		doctor_add(doctor, DOCTOR_OK, "authorizer", "",
			   "%s: not asked: [protect] leaves nothing that a stranger may not have",
			   address);
		(void)close(fd);
		return;
	}
	if (authorizer_ask(fd, doctor->arena, &question, &answer) != OK)
		doctor->complete = false;
	else
		judge_asked(doctor, address, question.target, &answer);
}

static void check_owner(struct doctor *doctor, const char *address, const struct sockaddr_in *name)
{
	struct person owner;
	struct person worker;
	struct stat st;
	uid_t uid = 0;

	if (!tcp_owner(name, &uid) || stat(doctor->config->server.run_dir.p, &st) != 0) {
		doctor_add(doctor, DOCTOR_WARN, "authorizer-owner", "see socket and run-dir",
			   "%s: whose it is cannot be told", address);
		return;
	}
	person_of_uid(uid, &owner);
	person_of_uid(st.st_uid, &worker);
	if (uid == st.st_uid || uid == 0)
		doctor_add(doctor, DOCTOR_OK, "authorizer-owner", "", "%s: %s listens%s", address,
			   owner.name,
			   tcp_owner_is_reserved(ntohs(name->sin_port)) ? "" : FREE_PORT);
	else
		doctor_add(doctor, DOCTOR_FAIL, "authorizer-owner",
			   "stop that process: it decides who is let in; then start the worker",
			   "%s: %s listens, who is not the worker's user %s", address, owner.name,
			   worker.name);
}

static void check_listener(struct doctor *doctor, const struct listen_config *listener)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct sockaddr_in name;

	if (is_unix(listener)) {
		if (listener->address.n >= sizeof path.sun_path)
			return;
		memcpy(path.sun_path, listener->address.p, listener->address.n);
		ask(doctor, listener->address.p, dial((const struct sockaddr *)&path, sizeof path));
		return;
	}
	if (!tcp_owner_parse(listener->address, &name))
		return;
	int fd = dial((const struct sockaddr *)&name, sizeof name);
	if (fd >= 0)
		check_owner(doctor, listener->address.p, &name);
	ask(doctor, listener->address.p, fd);
}

void doctor_guard(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	bool told = false;

	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listen_config *listener = &config->listeners[i];

		if (listener->role != LISTEN_AUTHORIZER)
			continue;
		check_listener(doctor, listener);
		if (!is_unix(listener) || told)
			continue;
		told = true;
		doctor_add(doctor, DOCTOR_OK, "guard-credential", "",
			   "note: lighttpd hands cookie, X-Session-Id and Bearer on to what it "
			   "guards, unless guarded.lua (mod_magnet) takes them away");
	}
}

static void check_section(const struct web *web, const struct protect_config *rule)
{
	struct visit visit = {.web = web, .doctor = web->doctor, .brief = true};
	struct str target = STR_NONE;
	struct buf text;
	bool closed = false;

	buf_init(&text, web->doctor->arena, TARGET_MAX);
	add_path(&text, rule->path.n > 0 ? rule->path : STR("/"));
	if (buf_str(&text, &target) != OK || is_closed(web->doctor, target, &closed) != OK) {
		web->doctor->complete = false;
		return;
	}
	/* Of a path that another section opens for GET nothing can be shown. */
	if (!closed)
		return;
	guard_check_stranger(&visit, target);
	if (visit.worst == DOCTOR_OK)
		doctor_add(web->doctor, DOCTOR_OK, "guarded", "",
			   "%.*s: refused to strangers, however it is asked for",
			   (int)(target.n < 300 ? target.n : 300), target.p);
}

/* Of several sections of a path, for other methods each, one is looked at. */
static bool is_first(const struct config *config, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_equal(config->protects[k].path, config->protects[i].path) &&
		    !protect_is_public(&config->protects[k]))
			return false;
	return true;
}

void doctor_guarded(const struct web *web)
{
	const struct config *config = web->doctor->config;

	for (size_t i = 0; i < config->protect_count; i++)
		if (!protect_is_public(&config->protects[i]) && is_first(config, i))
			check_section(web, &config->protects[i]);
}
