/* The only door to a mail server: one connection, many mails, one after the other. */
#ifndef GATEPOST_MAILER_SMTP_H
#define GATEPOST_MAILER_SMTP_H

#include "config.h"
#include "delivery.h"
#include "err.h"

struct smtp;

/* Connects with the first mail. config must outlive it. ERR_MEMORY. */
MUST_CHECK enum err smtp_open(const struct config *config, struct smtp **out);
/* Says good-bye to the server, if there is a connection; the next mail makes a new one. */
void smtp_rest(struct smtp *smtp);
/* Says good-bye to the server. Sets NULL; NULL is fine. */
void smtp_close(struct smtp **smtp);

/*
 * Hands one mail over; *out tells what became of it. Ends within [mail] timeout, or seconds after a
 * signal to stop. DELIVERY_LATER may have arrived when the connection was lost after its end.
 */
void smtp_send(struct smtp *smtp, const struct parcel *parcel, struct delivery *out);

#endif
