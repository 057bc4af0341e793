/* The way out by a program called sendmail, as every mail server on the machine brings one. */
#ifndef GATEPOST_MAILER_SENDMAIL_H
#define GATEPOST_MAILER_SENDMAIL_H

#include "config.h"
#include "delivery.h"

/*
 * Runs "[mail] sendmail -i -f FROM -- TO" with the mail on its standard input, lines ended by LF,
 * and reads from its exit code what became of it (sysexits.h). Ends within [mail] timeout, or
 * seconds after a signal to stop: then it is killed.
 */
void sendmail_send(const struct config *config, const struct parcel *parcel, struct delivery *out);

#endif
