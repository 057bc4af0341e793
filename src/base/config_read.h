/* The file and the environment, read into a draft of the configuration. */
#ifndef GATEPOST_BASE_CONFIG_READ_H
#define GATEPOST_BASE_CONFIG_READ_H

#include "config_draft.h"

/* ERR_CONFIG with "FILE:LINE: reason" of the first thing that is wrong; ERR_MEMORY. */
MUST_CHECK enum err config_read_file(struct config_draft *draft);
/* GATEPOST_SECTION_KEY for every setting of a plain section; they win over the file. */
MUST_CHECK enum err config_read_environment(struct config_draft *draft);

#endif
