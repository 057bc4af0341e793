/* The beginning of a request as octets, before libfcgi believes the lengths in it. */
#ifndef GATEPOST_HTTP_FCGI_PARAMS_H
#define GATEPOST_HTTP_FCGI_PARAMS_H

#include <stddef.h>

#define FCGI_PARAMS_MAX 262144 /* of a request's first octets, parameters and all */

enum fcgi_params {
	FCGI_PARAMS_FAULTY = 0, /* no such beginning, or a pair longer than all may be */
	FCGI_PARAMS_PART,       /* nothing wrong so far, and the end is not there */
	FCGI_PARAMS_SOUND       /* all of them */
};

/*
 * FCGI_BEGIN_REQUEST, FCGI_PARAMS with content, FCGI_PARAMS without (FastCGI specification §5.1,
 * §5.2, §3.4); what is behind that is not looked at. libfcgi adds two lengths of a pair as int and
 * asks for so much memory: over 2 GiB that ends the process.
 */
enum fcgi_params fcgi_params_of(const unsigned char *bytes, size_t n);

#endif
