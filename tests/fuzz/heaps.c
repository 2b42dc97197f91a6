/* Fuzz target: the parse half of the source heaps. */
#include "parser.h"
