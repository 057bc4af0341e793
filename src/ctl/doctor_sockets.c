/* Sockets: there, closed to others, answered, and by whom. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "doctor.h"
#include "person.h"
#include "tcp_owner.h"

/* A connection that says nothing and goes; the worker knows such visitors. */
static int connect_unix(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t n = strlen(path);

	if (n >= sizeof name.sun_path)
		return -1;
	memcpy(name.sun_path, path, n);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&name, sizeof name) == 0)
		return fd;
	int why = errno;
	(void)close(fd);
	errno = why;
	return -1;
}

static void say_owner(struct doctor *doctor, int fd, const char *path, const struct stat *st)
{
	struct ucred peer = {.pid = 0};
	socklen_t n = sizeof peer;
	struct person owner;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0) {
		doctor_add(doctor, DOCTOR_WARN, "socket", "", "%s: whose it is cannot be told",
			   path);
		return;
	}
	person_of_uid(peer.uid, &owner);
	doctor_add(doctor, DOCTOR_OK, "socket", "", "%s: mode %04o, process %ld of %s listens",
		   path, (unsigned)st->st_mode & 07777U, (long)peer.pid, owner.name);
}

static void check_unix(struct doctor *doctor, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		doctor_add(doctor, DOCTOR_FAIL, "socket", "start the worker", "%s: %s", path,
			   strerrordesc_np(errno));
		return;
	}
	if (!S_ISSOCK(st.st_mode)) {
		doctor_add(doctor, DOCTOR_FAIL, "socket", "take it away and start the worker anew",
			   "%s is not a socket", path);
		return;
	}
	if ((st.st_mode & S_IRWXO) != 0) {
		doctor_add(doctor, DOCTOR_FAIL, "socket",
			   "whoever reaches it can pose as the web server: mode = 0660 in "
			   "[listen], and start the worker anew",
			   "%s is open to others (mode %04o)", path, (unsigned)st.st_mode & 07777U);
		return;
	}
	int fd = connect_unix(path);
	if (fd < 0) {
		doctor_add(doctor, DOCTOR_FAIL, "socket", "start the worker",
			   "%s: nobody answers: %s", path, strerrordesc_np(errno));
		return;
	}
	say_owner(doctor, fd, path, &st);
	(void)close(fd);
}

static void check_tcp(struct doctor *doctor, const struct listen_config *listener)
{
	const char *address = listener->address.p;
	struct sockaddr_in name;
	bool answers = false;

	if (tcp_owner_parse(listener->address, &name)) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		answers = fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0;
		if (fd >= 0)
			(void)close(fd);
	}
	/* An authorizer's has checks of its own, and Apache needs it to be TCP. */
	if (answers && listener->role == LISTEN_AUTHORIZER)
		doctor_add(doctor, DOCTOR_OK, "socket", "", "%s: somebody answers", address);
	else if (answers)
		doctor_add(doctor, DOCTOR_WARN, "socket",
			   "every user of this machine can connect and pose as the web server: "
			   "prefer a unix socket",
			   "%s: somebody answers; whose it is cannot be told of TCP", address);
	else
		doctor_add(doctor, DOCTOR_FAIL, "socket", "start the worker", "%s: nobody answers",
			   address);
}

void doctor_sockets(struct doctor *doctor)
{
	const struct config *config = doctor->config;

	if (config->listener_count == 0)
		doctor_add(doctor, DOCTOR_OK, "socket", "",
			   "none of our own: the web server starts the worker and hands it over");
	for (size_t i = 0; i < config->listener_count; i++) {
		const char *address = config->listeners[i].address.p;

		if (strchr(address, '/') != NULL)
			check_unix(doctor, address);
		else
			check_tcp(doctor, &config->listeners[i]);
	}
}
