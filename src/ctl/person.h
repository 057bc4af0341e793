/* People of this machine, and what they could read: by modes and groups, without becoming them. */
#ifndef GATEPOST_CTL_PERSON_H
#define GATEPOST_CTL_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "str.h"

struct arena;

#define PERSON_GROUPS 64
#define PERSON_NAME 64

struct person {
	uid_t uid;
	gid_t groups[PERSON_GROUPS]; /* the first is their own */
	int group_count;
	char name[PERSON_NAME];
};

/* False: there is no such user. An unnamed uid is a person without groups. */
bool person_named(const char *name, struct person *out);
void person_of_uid(uid_t uid, struct person *out);
/* Follows links, walks every folder above. Root reads everything. */
bool person_can_read(const struct person *person, const char *path);

#define PERSON_SERVERS_MAX 16
/*
 * Users other than root that run web servers and PHP here (www-data, and those of processes named
 * like them). How many; at most PERSON_SERVERS_MAX.
 */
size_t person_servers(struct person *out);

#endif
