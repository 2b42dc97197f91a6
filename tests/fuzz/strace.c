/* Fuzz target: the parse half of the source strace. */
#include "parser.h"
