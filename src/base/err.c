/* The words of error codes, and the text of a fault. */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[ERR_COUNT] = {
	[OK] = "ok",
	[ERR_INPUT] = "input",
	[ERR_TOO_LARGE] = "too_large",
	[ERR_MEMORY] = "memory",
	[ERR_IO] = "io",
	[ERR_UNAVAILABLE] = "unavailable",
	[ERR_UNCERTAIN] = "uncertain",
	[ERR_CONFLICT] = "conflict",
	[ERR_CONFIG] = "config",
	[ERR_INTERNAL] = "internal",
};

const char *err_name(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		return "unknown";
	return names[e];
}

enum err fault_set(struct fault *fault, const char *format, ...)
{
	if (fault == NULL)
		return ERR_CONFIG;

	va_list args;
	va_start(args, format);
	int n = vsnprintf(fault->text, sizeof fault->text, format, args);
	va_end(args);
	if (n < 0)
		fault->text[0] = '\0';

	/* A path or a name may hold anything; the reason stays one line. */
	for (char *c = fault->text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	return ERR_CONFIG;
}
