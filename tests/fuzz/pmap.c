/* Fuzz target: the parse half of the source pmap. */
#include "parser.h"
