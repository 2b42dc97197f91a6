/* Fuzz target: the parse half of the source gdb. */
#include "parser.h"
