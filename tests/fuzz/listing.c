/* Fuzz target: the parse half of the source listing. */
#include "parser.h"
