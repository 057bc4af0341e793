/* Listening sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "fcgi.h"
#include "fcgi_socket.h"

struct fixture {
	char dir[32];
	char path[64];
	struct fault fault;
};

static int open_fixture(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.dir = "/tmp/gatepost-test-XXXXXX"};
	if (mkdtemp(fixture.dir) == NULL)
		return -1;
	(void)snprintf(fixture.path, sizeof fixture.path, "%s/socket", fixture.dir);
	*state = &fixture;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;

	(void)unlink(fixture->path);
	return rmdir(fixture->dir);
}

static void assert_refused(struct fixture *fixture, const char *address)
{
	int fd = -7;

	fixture->fault.text[0] = '\0';
	if (fcgi_listen(address, 0660, &fd, &fixture->fault) != ERR_IO)
		fail_msg("listens on %s", address);
	assert_int_equal(fd, -7);
	assert_non_null(strstr(fixture->fault.text, address));
}

static bool connects(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(name.sun_path, path, strlen(path));
	bool connected = connect(fd, (const struct sockaddr *)&name, sizeof name) == 0;
	(void)close(fd);
	return connected;
}

/* IN-15: the mode asked for, whatever the umask. */
static void listens_with_the_mode_asked_for(void **state)
{
	static const unsigned modes[] = {0660, 0600, 0666};
	static const mode_t masks[] = {0, 022, 077};
	struct fixture *fixture = *state;
	struct stat found;

	for (size_t i = 0; i < 3; i++) {
		int fd = -1;
		mode_t before = umask(masks[i]);
		enum err failed = fcgi_listen(fixture->path, modes[i], &fd, &fixture->fault);
		(void)umask(before);
		assert_int_equal(failed, OK);
		assert_int_equal(stat(fixture->path, &found), 0);
		assert_true(S_ISSOCK(found.st_mode));
		assert_int_equal(found.st_mode & 0777, modes[i]);
		assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		assert_true(connects(fixture->path));
		(void)close(fd);
		assert_int_equal(unlink(fixture->path), 0);
	}
}

static void replaces_only_what_is_dead(void **state)
{
	struct fixture *fixture = *state;
	int first = -1;
	int second = -1;

	assert_int_equal(fcgi_listen(fixture->path, 0660, &first, &fixture->fault), OK);
	assert_refused(fixture, fixture->path);
	assert_true(connects(fixture->path));
	(void)close(first);
	assert_int_equal(fcgi_listen(fixture->path, 0660, &second, &fixture->fault), OK);
	assert_true(connects(fixture->path));
	(void)close(second);
}

static void never_removes_another_kind_of_file(void **state)
{
	struct fixture *fixture = *state;
	struct stat found;
	char target[64];

	int file = open(fixture->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	(void)close(file);
	assert_refused(fixture, fixture->path);
	assert_int_equal(lstat(fixture->path, &found), 0);
	assert_true(S_ISREG(found.st_mode));

	assert_int_equal(unlink(fixture->path), 0);
	(void)snprintf(target, sizeof target, "%s/nowhere", fixture->dir);
	assert_int_equal(symlink(target, fixture->path), 0);
	assert_refused(fixture, fixture->path);
	assert_int_equal(lstat(fixture->path, &found), 0);
	assert_true(S_ISLNK(found.st_mode));
}

static void refuses_impossible_paths(void **state)
{
	struct fixture *fixture = *state;
	char path[160];

	memset(path, 'x', sizeof path);
	memcpy(path, "/tmp/", 5);
	path[sizeof path - 1] = '\0';
	assert_refused(fixture, path);
	(void)snprintf(path, sizeof path, "%s/no/socket", fixture->dir);
	assert_refused(fixture, path);
}

/* IN-15: whoever reaches the socket can pretend to be the web server, so it is never routable. */
static void listens_on_loopback_only(void **state)
{
	static const char *const addresses[] = {
		"0.0.0.0:9000",
		"10.0.0.1:9000",
		"192.168.1.1:9000",
		"128.0.0.1:9000",
		"126.0.0.1:9000",
		"localhost:9000",
		"[::1]:9000",
		"::1:9000",
		"*:9000",
		":9000",
		"9000",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"127.0.0.1:+1",
		"127.0.0.1: 1",
		"127.0.0.1:9000x",
		"127.1:9000",
		"0x7f.0.0.1:9000",
		"127.0.0.1:9:9000",
		"127.0.0.1.2:9000",
		"127.000.000.00001:9000",
	};
	struct fixture *fixture = *state;
	struct sockaddr_in name;
	socklen_t n = sizeof name;
	char address[32];
	int fd = -1;

	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		assert_refused(fixture, addresses[i]);

	assert_int_equal(fcgi_listen("127.0.0.1:0", 0, &fd, &fixture->fault), OK);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &n), 0);
	assert_int_equal(ntohl(name.sin_addr.s_addr), INADDR_LOOPBACK);
	(void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)ntohs(name.sin_port));
	assert_refused(fixture, address);
	(void)close(fd);
}

/* A connection from 127.0.0.1 to the listener: what becomes of it. */
static int take_from_loopback(int listener)
{
	struct sockaddr_in name;
	socklen_t n = sizeof name;
	int client = socket(AF_INET, SOCK_STREAM, 0);
	int taken = -1;

	assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &n), 0);
	assert_int_equal(connect(client, (const struct sockaddr *)&name, sizeof name), 0);
	int number = fcgi_socket_take(listener, &taken);
	assert_int_equal(number == 0, taken >= 0);
	if (taken >= 0)
		(void)close(taken);
	(void)close(client);
	return number;
}

/* IN-15: of a TCP port those that FCGI_WEB_SERVER_ADDRS names. */
static void takes_only_whom_it_names(void **state)
{
	static const struct {
		const char *list;
		bool welcome;
	} cases[] = {
		{NULL, true},
		{"127.0.0.1", true},
		{"127.0.0.2,127.0.0.1", true},
		{"127.0.0.1,127.0.0.2", true},
		{"127.0.0.2", false},
		{"127.0.0.10", false},
		{"127.0.0.", false},
		{"127.0.0.2,,127.0.0.11", false},
		{"localhost", false},
		{",", false},
	};
	struct fixture *fixture = *state;
	int fd = -1;

	assert_int_equal(fcgi_listen("127.0.0.1:0", 0, &fd, &fixture->fault), OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (cases[i].list != NULL)
			assert_int_equal(setenv("FCGI_WEB_SERVER_ADDRS", cases[i].list, 1), 0);
		int number = take_from_loopback(fd);
		if (number != (cases[i].welcome ? 0 : ECONNABORTED))
			fail_msg("%s: %d", cases[i].list, number);
	}
	assert_int_equal(unsetenv("FCGI_WEB_SERVER_ADDRS"), 0);
	(void)close(fd);
	/* At a unix socket its mode decides. */
	assert_int_equal(setenv("FCGI_WEB_SERVER_ADDRS", "127.0.0.2", 1), 0);
	assert_int_equal(fcgi_listen(fixture->path, 0600, &fd, &fixture->fault), OK);
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	int taken = -1;
	memcpy(name.sun_path, fixture->path, strlen(fixture->path));
	assert_int_equal(connect(client, (const struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(fcgi_socket_take(fd, &taken), 0);
	(void)close(taken);
	(void)close(client);
	(void)close(fd);
	assert_int_equal(unsetenv("FCGI_WEB_SERVER_ADDRS"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(listens_with_the_mode_asked_for),    TEST(replaces_only_what_is_dead),
		TEST(never_removes_another_kind_of_file), TEST(refuses_impossible_paths),
		TEST(listens_on_loopback_only),           TEST(takes_only_whom_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
