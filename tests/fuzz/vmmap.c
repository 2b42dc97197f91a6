/* Fuzz target: the parse half of the source vmmap. */
#include "parser.h"
