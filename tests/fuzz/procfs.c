/* Fuzz target: the parse half of the source procfs. */
#include "parser.h"
