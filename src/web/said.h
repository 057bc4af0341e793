/* The keys of all texts that the program itself asks for. */
#ifndef GATEPOST_WEB_SAID_H
#define GATEPOST_WEB_SAID_H

/* Ends with NULL; static storage. */
const char *const *said_keys(void);

#endif
