/* Fuzz target: the parse half of the source core. */
#include "parser.h"
