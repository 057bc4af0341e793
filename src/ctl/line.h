/* The command line: words and options, in any order. */
#ifndef GATEPOST_CTL_LINE_H
#define GATEPOST_CTL_LINE_H

#include "ctl.h"

/* ERR_INPUT with the reason in fault: an unknown option, one twice, one without its value. */
MUST_CHECK enum err line_parse(int argc, char **argv, struct ctl_line *out, struct fault *fault);
/* "--username"; static. */
const char *line_option_name(enum ctl_option option);

#endif
