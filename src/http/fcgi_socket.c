/* Listening sockets: unix with its mode set before anyone can connect, or TCP on loopback only. */
#include "fcgi_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "arena.h"
#include "fcgi.h"
#include "fcgi_params.h"

#define PORT_MAX 65535
#define FIRST_MS 2000   /* a web server that connects has something to say */
#define LOOK_BYTES 8192 /* most requests are shorter */
#define READ_LIMIT 30   /* seconds; longer than Apache waits for a body by default */

static enum err refuse(struct fault *fault, const char *address, const char *reason)
{
	(void)fault_set(fault, "%s: %s", address, reason);
	return ERR_IO;
}

static enum err refuse_errno(struct fault *fault, const char *address)
{
	return refuse(fault, address, strerrordesc_np(errno));
}

/* A socket file that nothing answers on: what a killed process left behind. */
static bool is_left_over(const struct sockaddr_un *name)
{
	struct stat found;

	if (lstat(name->sun_path, &found) != 0 || !S_ISSOCK(found.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	bool refused = connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 &&
		       errno == ECONNREFUSED;
	(void)close(fd);
	return refused;
}

static bool bind_unix(int fd, const struct sockaddr_un *name)
{
	const struct sockaddr *address = (const struct sockaddr *)name;

	if (bind(fd, address, sizeof *name) == 0)
		return true;
	if (errno != EADDRINUSE)
		return false;
	if (!is_left_over(name)) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(name->sun_path) == 0 && bind(fd, address, sizeof *name) == 0;
}

static enum err listen_unix(const char *address, unsigned mode, int *out, struct fault *fault)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t n = strlen(address);

	if (n >= sizeof name.sun_path)
		return refuse(fault, address, "longer than a socket's name may be");
	memcpy(name.sun_path, address, n);

	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse_errno(fault, address);
	if (!bind_unix(fd, &name)) {
		enum err failed = refuse_errno(fault, address);
		(void)close(fd);
		return failed;
	}
	/* Between bind and listen nobody can connect, whatever the umask made of the mode. */
	if (chmod(address, (mode_t)(mode & 0777)) != 0 || listen(fd, SOMAXCONN) != 0) {
		enum err failed = refuse_errno(fault, address);
		(void)unlink(address);
		(void)close(fd);
		return failed;
	}
	*out = fd;
	return OK;
}

/* "127.x.y.z:PORT". IPv6 is refused: libfcgi honours FCGI_WEB_SERVER_ADDRS for IPv4 alone. */
static enum err parse_loopback(struct str address, struct sockaddr_in *out)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	char text[INET_ADDRSTRLEN] = "";
	struct str host = STR_NONE;
	struct str port_text = STR_NONE;
	uint64_t port = 0;

	if (!str_cut(address, ':', &host, &port_text) || host.n >= sizeof text)
		return ERR_INPUT;
	memcpy(text, host.p, host.n);
	TRY(str_to_u64(port_text, PORT_MAX, &port));
	if (inet_pton(AF_INET, text, &name.sin_addr) != 1)
		return ERR_INPUT;
	if (ntohl(name.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
		return ERR_INPUT;
	name.sin_port = htons((uint16_t)port);
	*out = name;
	return OK;
}

static enum err listen_tcp(const char *address, int *out, struct fault *fault)
{
	struct sockaddr_in name;
	const int on = 1;

	if (parse_loopback(str_of(address), &name) != OK)
		return refuse(fault, address, "neither a path nor 127.x.y.z:PORT");

	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse_errno(fault, address);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(fd, (const struct sockaddr *)&name, sizeof name) != 0 ||
	    listen(fd, SOMAXCONN) != 0) {
		enum err failed = refuse_errno(fault, address);
		(void)close(fd);
		return failed;
	}
	*out = fd;
	return OK;
}

enum err fcgi_listen(const char *address, unsigned mode, int *fd, struct fault *fault)
{
	return strchr(address, '/') != NULL ? listen_unix(address, mode, fd, fault)
					    : listen_tcp(address, fd, fault);
}

/* "127.0.0.1,127.0.0.2": whom the FastCGI specification (§3.2) lets connect; unset: everybody. */
static bool is_welcome(const struct sockaddr_storage *peer)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it. */
	struct str list = str_of(getenv("FCGI_WEB_SERVER_ADDRS"));
	char text[INET_ADDRSTRLEN] = "";
	struct str one = STR_NONE;

	if (peer->ss_family != AF_INET || !str_is_present(list))
		return true;
	if (inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, text, sizeof text) ==
	    NULL)
		return false;
	while (list.n > 0) {
		(void)str_cut(list, ',', &one, &list);
		if (str_equal(one, str_of(text)))
			return true;
	}
	return false;
}

static bool speaks(int fd)
{
	struct pollfd first = {.fd = fd, .events = POLLIN};

	return poll(&first, 1, FIRST_MS) == 1;
}

int fcgi_socket_take(int listener, int *out)
{
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	socklen_t n = sizeof peer;
	int fd = accept4(listener, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC);

	if (fd < 0)
		return errno;
	if (!is_welcome(&peer)) {
		(void)close(fd);
		return ECONNABORTED;
	}
	*out = fd;
	return 0;
}

bool fcgi_socket_limit(int fd)
{
	const struct timeval limit = {.tv_sec = READ_LIMIT};

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0;
}

bool fcgi_socket_begin(int fd)
{
	return speaks(fd) && fcgi_socket_limit(fd);
}

/* Until more than n octets are there, or no more will come. False: nothing did for too long. */
static bool wait_for_more(int fd, size_t n)
{
	const int more = (int)n + 1;
	struct pollfd next = {.fd = fd, .events = POLLIN};

	return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &more, sizeof more) == 0 &&
	       poll(&next, 1, READ_LIMIT * 1000) == 1;
}

static enum fcgi_params look(int fd, unsigned char *bytes, size_t size)
{
	enum fcgi_params seen = FCGI_PARAMS_PART;
	size_t before = 0;

	for (;;) {
		ssize_t n = recv(fd, bytes, size, MSG_PEEK | MSG_DONTWAIT);

		if (n <= 0 || (size_t)n == before) /* it ends here */
			return FCGI_PARAMS_FAULTY;
		before = (size_t)n;
		seen = fcgi_params_of(bytes, before);
		if (seen != FCGI_PARAMS_PART || before == size)
			return seen;
		if (!wait_for_more(fd, before))
			return FCGI_PARAMS_FAULTY;
	}
}

static enum fcgi_params look_far(int fd)
{
	struct arena *arena = NULL;
	enum fcgi_params seen = FCGI_PARAMS_FAULTY;

	if (arena_open(FCGI_PARAMS_MAX, (size_t)2 * FCGI_PARAMS_MAX, &arena) != OK)
		return FCGI_PARAMS_FAULTY;
	unsigned char *bytes = arena_alloc(arena, FCGI_PARAMS_MAX);
	if (bytes != NULL)
		seen = look(fd, bytes, FCGI_PARAMS_MAX);
	arena_close(&arena);
	return seen;
}

bool fcgi_socket_is_sound(int fd)
{
	unsigned char bytes[LOOK_BYTES];
	const int one = 1;
	int domain = AF_UNIX;
	socklen_t n = sizeof domain;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) != 0 || domain == AF_UNIX)
		return true;
	enum fcgi_params seen = look(fd, bytes, sizeof bytes);
	if (seen == FCGI_PARAMS_PART)
		seen = look_far(fd);
	return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one) == 0 &&
	       seen == FCGI_PARAMS_SOUND;
}
