/* Secrets from a person's keyboard or from standard input, never from arguments. */
#include "secret_input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "arena.h"
#include "keyring.h"
#include "secret.h"

#define INPUT_MAX 4096

static enum err wrong(struct fault *fault, const char *why)
{
	(void)fault_set(fault, "%s", why);
	return ERR_INPUT;
}

/* Reads until the end, or with line until a line end; neither it nor a carriage return is kept. */
static enum err read_text(struct arena *arena, int fd, bool line, struct str *out)
{
	char *text = arena_alloc(arena, INPUT_MAX + 1);
	size_t n = 0;
	ssize_t got = 1;

	if (text == NULL)
		return ERR_MEMORY;
	while (got > 0 && n <= INPUT_MAX && !(line && n > 0 && text[n - 1] == '\n')) {
		got = read(fd, text + n, line ? 1 : INPUT_MAX + 1 - n);
		if (got > 0)
			n += (size_t)got;
	}
	if (got < 0)
		return errno == EINTR ? ERR_INPUT : ERR_IO;
	if (n > INPUT_MAX)
		return ERR_TOO_LARGE;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n > 0 && text[n - 1] == '\r')
		n--;
	*out = (struct str){.p = text, .n = n};
	return OK;
}

static void interrupted(int number)
{
	(void)number;
}

/* Whoever gives up at the prompt must not be left with a terminal without echo. */
static void catch_interrupts(struct sigaction was[2], sigset_t *mask)
{
	struct sigaction catch = {.sa_handler = interrupted};
	sigset_t stop;

	sigemptyset(&catch.sa_mask);
	(void)sigaction(SIGINT, &catch, &was[0]);
	(void)sigaction(SIGTERM, &catch, &was[1]);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	(void)pthread_sigmask(SIG_BLOCK, &stop, mask);
}

static void release_interrupts(const struct sigaction was[2], const sigset_t *mask)
{
	(void)sigaction(SIGINT, &was[0], NULL);
	(void)sigaction(SIGTERM, &was[1], NULL);
	(void)pthread_sigmask(SIG_SETMASK, mask, NULL);
}

static enum err ask(struct arena *arena, int terminal, const char *question, struct str *out)
{
	struct sigaction handlers[2];
	sigset_t mask;
	struct termios was;
	struct termios quiet;

	if (tcgetattr(terminal, &was) != 0)
		return ERR_IO;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	catch_interrupts(handlers, &mask);
	enum err e = ERR_IO;
	if (dprintf(terminal, "%s: ", question) > 0 && tcsetattr(terminal, TCSAFLUSH, &quiet) == 0)
		e = read_text(arena, terminal, true, out);
	(void)tcsetattr(terminal, TCSAFLUSH, &was);
	release_interrupts(handlers, &mask);
	return e;
}

static bool is_same(struct str a, struct str b)
{
	return secret_equal(keyring_part(a.p, a.n), keyring_part(b.p, b.n));
}

static enum err ask_twice(struct arena *arena, struct str *out, struct fault *fault)
{
	struct str first = STR_NONE;
	struct str second = STR_NONE;
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (terminal < 0)
		return wrong(fault, "there is no terminal to ask for the password: use "
				    "--password-stdin");
	enum err e = ask(arena, terminal, "New password", &first);
	if (e == OK)
		e = ask(arena, terminal, "Once more", &second);
	close(terminal);
	if (e == ERR_INPUT)
		return wrong(fault, "interrupted; nothing was done");
	TRY(e);
	if (first.n > 0 && !is_same(first, second))
		return wrong(fault, "the two passwords differ");
	*out = first;
	return OK;
}

enum err secret_input_all(struct arena *arena, size_t max, struct str *out, struct fault *fault)
{
	char *text = arena_alloc(arena, max + 1);
	size_t n = 0;
	ssize_t got = 1;

	if (text == NULL)
		return ERR_MEMORY;
	while (got > 0 && n <= max) {
		got = read(STDIN_FILENO, text + n, max + 1 - n);
		if (got > 0)
			n += (size_t)got;
	}
	if (got < 0)
		return ERR_IO;
	if (n > max) {
		(void)fault_set(fault, "standard input has more than %zu bytes", max);
		return ERR_INPUT;
	}
	*out = (struct str){.p = text, .n = n};
	return OK;
}

enum err secret_input_new(struct arena *arena, bool from_stdin, struct str *out,
			  struct fault *fault)
{
	struct str text = STR_NONE;
	enum err e = from_stdin ? read_text(arena, STDIN_FILENO, false, &text)
				: ask_twice(arena, &text, fault);

	if (e == ERR_TOO_LARGE)
		return wrong(fault, "the password is too long");
	TRY(e);
	if (text.n == 0)
		return wrong(fault, "no password was given");
	*out = text;
	return OK;
}
