/* Fuzz target: the parse half of the source system. */
#include "parser.h"
