/* Fuzz target: the parse half of the source sums. */
#include "parser.h"
