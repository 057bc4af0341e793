/* Mail: who sends it, and whether it gets away. */
#include "clock.h"
#include "config.h"
#include "db.h"
#include "doctor.h"
#include "outbox_work_store.h"

#define LATE (15 * CLOCK_MINUTE)

static bool writes_mail(const struct config *config)
{
	return config->account.registration != REGISTRATION_OFF;
}

static void check_transport(struct doctor *doctor)
{
	const struct config *config = doctor->config;

	if (config->mail.transport == MAIL_SMTP)
		doctor_add(doctor, DOCTOR_OK, "mail", "", "by SMTP, %s:%u%s",
			   config->mail.smtp_host.p, config->mail.smtp_port,
			   config->mail.smtp_tls == MAIL_PLAIN ? ", without TLS" : "");
	else if (config->mail.transport == MAIL_SENDMAIL)
		doctor_add(doctor, DOCTOR_OK, "mail", "", "by %s", config->mail.sendmail.p);
	else if (writes_mail(config))
		doctor_add(doctor, DOCTOR_FAIL, "mail",
			   "set [mail] transport, and start gatepost-mailer",
			   "registration is on, and nobody sends the mails that prove addresses");
	else
		doctor_add(doctor, DOCTOR_WARN, "mail",
			   "set [mail] transport, and start gatepost-mailer",
			   "nobody sends mail: who forgets a password gets no new one, and nobody "
			   "is told of what is done in their name");
}

static void check_outbox(struct doctor *doctor)
{
	struct outbox_count count = {.waiting = 0};
	enum err e = outbox_work_count(doctor->ctl->auth.db, doctor->ctl->auth.now - LATE, &count);

	if (e != OK)
		doctor_add(doctor, DOCTOR_FAIL, "outbox", "", "it cannot be read: %s", err_name(e));
	else if (count.late > 0 && doctor->config->mail.transport != MAIL_NONE)
		doctor_add(doctor, DOCTOR_WARN, "outbox",
			   "does gatepost-mailer run? gatepost mail list tells what was the matter",
			   "%lld mails have waited for more than 15 minutes",
			   (long long)count.late);
	else if (count.dead > 0)
		doctor_add(doctor, DOCTOR_WARN, "outbox",
			   "gatepost mail list --dead tells why; gatepost mail retry tries again",
			   "%lld mails were given up, %lld wait", (long long)count.dead,
			   (long long)count.waiting);
	else
		doctor_add(doctor, DOCTOR_OK, "outbox", "", "%lld mails wait",
			   (long long)count.waiting);
}

void doctor_mail(struct doctor *doctor)
{
	check_transport(doctor);
	if (doctor->ctl->auth.db != NULL)
		check_outbox(doctor);
}
