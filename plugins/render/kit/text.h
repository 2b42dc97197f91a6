/* Text from outside, one code point at a time (base/shown.h), and its columns in a terminal. */
#ifndef VMPIPE_RENDER_KIT_TEXT_H
#define VMPIPE_RENDER_KIT_TEXT_H

#include "base/shown.h"

/* Returns the columns of a code point in a terminal: 0 for combining marks, 2 for wide East Asian
 * letters and pictures. Coarse ranges after Unicode 15 (EastAsianWidth.txt, general category
 * Mn/Me). */
static inline int vp_columns(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		int columns;
	} table[] = {
		{ 0x300, 0x36f, 0 },     { 0x483, 0x489, 0 },     { 0x591, 0x5bd, 0 },
		{ 0x610, 0x61a, 0 },     { 0x64b, 0x65f, 0 },     { 0x6d6, 0x6dc, 0 },
		{ 0x93c, 0x93c, 0 },     { 0x941, 0x948, 0 },     { 0x94d, 0x94d, 0 },
		{ 0xe31, 0xe31, 0 },     { 0xe34, 0xe3a, 0 },     { 0xe47, 0xe4e, 0 },
		{ 0x1100, 0x115f, 2 },   { 0x1ab0, 0x1aff, 0 },   { 0x1dc0, 0x1dff, 0 },
		{ 0x20d0, 0x20ff, 0 },   { 0x231a, 0x231b, 2 },   { 0x23e9, 0x23ec, 2 },
		{ 0x26a1, 0x26a1, 2 },   { 0x2705, 0x2705, 2 },   { 0x274c, 0x274c, 2 },
		{ 0x2b50, 0x2b50, 2 },   { 0x2e80, 0x303e, 2 },   { 0x3041, 0x33ff, 2 },
		{ 0x3400, 0x4dbf, 2 },   { 0x4e00, 0x9fff, 2 },   { 0xa000, 0xa4cf, 2 },
		{ 0xa960, 0xa97f, 2 },   { 0xac00, 0xd7a3, 2 },   { 0xf900, 0xfaff, 2 },
		{ 0xfe00, 0xfe0f, 0 },   { 0xfe20, 0xfe2f, 0 },   { 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },   { 0x1f300, 0x1f64f, 2 },
		{ 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
	};

	if (c < 0x300)
		return 1;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (c <= table[i].last)
			return c >= table[i].first ? table[i].columns : 1;
	return 1;
}

#endif
