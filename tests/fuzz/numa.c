/* Fuzz target: the parse half of the source numa. */
#include "parser.h"
