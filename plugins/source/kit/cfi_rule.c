/* Rules of .eh_frame. The section is a list of entries: a CIE says what the FDEs after it share, an
 * FDE has the rules of a range of code, as a program of few operations.
 *
 *   length  id 0           version "zR" factors, encodings, first operations      a CIE
 *   length  distance to it start of the code, its length, operations             an FDE
 *
 * The bytes come from a stranger's file: each step is compared with their end. Nothing is
 * allocated: a traced program reads its own tables by this file.
 */
#include "cfi_inner.h"

#include <limits.h>
#include <string.h>

#define STATES 16         /* most remembered states */
#define VALUES 16         /* most values of an expression */
#define LONG   (1u << 18) /* most bytes of one entry */

#if defined(__aarch64__)
enum { SP = 31, FP = 29, PC = -1, RA = 30, SP32 = SP, FP32 = FP, PC32 = PC, RA32 = RA };
#else
enum { SP = 7, FP = 6, PC = 16, RA = 16, SP32 = 4, FP32 = 5, PC32 = 8, RA32 = 8 };
#endif

/* ---- bytes ---- */

uint64_t cfi_fixed(struct cfi_cursor *c, size_t n)
{
	uint64_t value = 0;
	if (n > c->end - c->at) {
		c->bad = true;
		c->at = c->end;
		return 0;
	}
	memcpy(&value, c->bytes + c->at, n); /* little endian, as all that is supported */
	c->at += n;
	return value;
}

static int64_t fixed_signed(struct cfi_cursor *c, size_t n)
{
	unsigned shift = 64 - 8 * (unsigned)n;
	return (int64_t)(cfi_fixed(c, n) << shift) >> shift;
}

static uint64_t uleb(struct cfi_cursor *c)
{
	uint64_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint64_t byte = cfi_fixed(c, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		if (!(byte & 0x80) || c->bad)
			return value;
	}
}

static int64_t sleb(struct cfi_cursor *c)
{
	uint64_t value = 0;
	for (unsigned shift = 0;;) {
		uint64_t byte = cfi_fixed(c, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
		if (byte & 0x80 && !c->bad)
			continue;
		if (byte & 0x40 && shift < 64)
			value |= ~UINT64_C(0) << shift;
		return (int64_t)value;
	}
}

uint64_t cfi_pointer(const struct cfi *cfi, struct cfi_cursor *c, unsigned encoding)
{
	uint64_t base = 0, value;
	if ((encoding & 0x70) == 0x10)
		base = cfi->address + c->at;
	else if (encoding & 0x70)
		c->bad = true;
	switch (encoding & 0xf) {
	case 0x0: value = cfi_fixed(c, cfi->wide ? 8 : 4); break;
	case 0x1: value = uleb(c); break;
	case 0x2: value = cfi_fixed(c, 2); break;
	case 0x3: value = cfi_fixed(c, 4); break;
	case 0x4: value = cfi_fixed(c, 8); break;
	case 0x9: value = (uint64_t)sleb(c); break;
	case 0xa: value = (uint64_t)fixed_signed(c, 2); break;
	case 0xb: value = (uint64_t)fixed_signed(c, 4); break;
	case 0xc: value = cfi_fixed(c, 8); break;
	default: c->bad = true; return 0;
	}
	value += base;
	return cfi->wide ? value : (uint32_t)value;
}

/* ---- entries ---- */

bool cfi_next_entry(const struct cfi *cfi, size_t *at, struct cfi_entry *entry)
{
	for (;;) {
		struct cfi_cursor c = { cfi->bytes, *at, cfi->n, false };
		uint64_t n = cfi_fixed(&c, 4);
		if (n == 0xffffffff)
			n = cfi_fixed(&c, 8);
		if (c.bad || n > c.end - c.at)
			return false;
		*at = c.at + n;
		if (n < 4 || n > LONG)
			continue; /* a terminator, after which others may follow; or nonsense */
		*entry = (struct cfi_entry){ .id = c.at, .end = *at };
		entry->cie = cfi_fixed(&c, 4);
		return true;
	}
}

static int read_cie(const struct cfi *cfi, size_t id, size_t end, struct cfi_cie *cie)
{
	struct cfi_cursor c = { cfi->bytes, id + 4, end, false };
	unsigned version = (unsigned)cfi_fixed(&c, 1);
	const char *letters = (const char *)c.bytes + c.at;
	size_t n = strnlen(letters, c.end - c.at);
	*cie = (struct cfi_cie){ .end = end };
	if ((version != 1 && version != 3) || n == c.end - c.at)
		return -1;
	c.at += n + 1;
	cie->code = uleb(&c);
	cie->data = sleb(&c);
	if (version == 1)
		cfi_fixed(&c, 1);
	else
		uleb(&c); /* the column of the return address */
	if (*letters && *letters != 'z')
		return -1; /* the GNU C++ of old */
	if (*letters) {
		uint64_t size = uleb(&c);
		if (size > c.end - c.at)
			return -1;
		cie->first = c.at + size;
		cie->sized = true;
	}
	for (const char *letter = letters + 1; cie->sized && *letter; letter++) {
		if (*letter == 'R')
			cie->encoding = (unsigned)cfi_fixed(&c, 1);
		else if (*letter == 'L')
			cfi_fixed(&c, 1);
		else if (*letter == 'S')
			cie->signal = true;
		else if (*letter == 'P') {
			unsigned encoding = (unsigned)cfi_fixed(&c, 1);
			cfi_pointer(cfi, &c, encoding & 0xf); /* its value is of no use */
		} else if (*letter != 'B' && *letter != 'G')
			return -1;
	}
	if (!cie->sized)
		cie->first = c.at;
	return c.bad ? -1 : 0;
}

int cfi_read_cie_of(const struct cfi *cfi, const struct cfi_entry *fde, struct cfi_cie *cie)
{
	if (fde->cie < 4 || fde->cie > fde->id)
		return -1;
	size_t at = fde->id - fde->cie;
	struct cfi_entry entry;
	if (!cfi_next_entry(cfi, &at, &entry) || entry.cie || entry.id > fde->id)
		return -1;
	return read_cie(cfi, entry.id, entry.end, cie);
}

/* ---- a rule ---- */

/* A register's place while the operations run. */
struct place {
	int64_t off;
	uint8_t by;
};

struct state {
	int64_t cfa;
	uint64_t cfa_register;
	bool expression; /* cfa is where it stands */
	struct place fp, ra;
};

struct run {
	const struct cfi *cfi;
	const struct cfi_cie *cie;
	struct state now, first, kept[STATES];
	size_t kept_n;
	uint64_t loc, wanted;
};

static void set(struct run *run, uint64_t column, uint8_t by, int64_t off)
{
	bool wide = run->cfi->wide;
	struct place place = { off, by };
	if (column == (uint64_t)(wide ? FP : FP32))
		run->now.fp = place;
	if (column == (uint64_t)(wide ? RA : RA32))
		run->now.ra = place;
}

static void restore(struct run *run, uint64_t column)
{
	bool wide = run->cfi->wide;
	if (column == (uint64_t)(wide ? FP : FP32))
		run->now.fp = run->first.fp;
	if (column == (uint64_t)(wide ? RA : RA32))
		run->now.ra = run->first.ra;
}

/* Multiplies by the factor of offsets; a product beyond 64 bits is somebody's joke. */
static int64_t scaled(const struct run *run, int64_t off)
{
	int64_t product;
	return __builtin_mul_overflow(off, run->cie->data, &product) ? INT64_MAX : product;
}

static void skip_block(struct cfi_cursor *c)
{
	uint64_t n = uleb(c);
	if (n > c->end - c->at)
		c->bad = true;
	else
		c->at += n;
}

/* The operations with an operand in their own byte. */
static void short_operation(struct run *run, struct cfi_cursor *c, unsigned op)
{
	unsigned low = op & 0x3f;
	if (op >> 6 == 1)
		run->loc += low * run->cie->code;
	else if (op >> 6 == 2)
		set(run, low, CFI_SAVED, scaled(run, (int64_t)uleb(c)));
	else
		restore(run, low);
}

static void operation(struct run *run, struct cfi_cursor *c, unsigned op)
{
	struct state *now = &run->now;
	uint64_t column;
	switch (op) {
	case 0x00: break;                                                          /* nop */
	case 0x01: run->loc = cfi_pointer(run->cfi, c, run->cie->encoding); break; /* set_loc */
	case 0x02: run->loc += cfi_fixed(c, 1) * run->cie->code; break;
	case 0x03: run->loc += cfi_fixed(c, 2) * run->cie->code; break;
	case 0x04: run->loc += cfi_fixed(c, 4) * run->cie->code; break;
	case 0x05: /* offset_extended */
		column = uleb(c);
		set(run, column, CFI_SAVED, scaled(run, (int64_t)uleb(c)));
		break;
	case 0x06: restore(run, uleb(c)); break;
	case 0x07: set(run, uleb(c), CFI_NONE, 0); break; /* undefined */
	case 0x08: set(run, uleb(c), CFI_SAME, 0); break;
	case 0x09: /* register */
		column = uleb(c);
		uleb(c);
		set(run, column, CFI_OTHER, 0);
		break;
	case 0x0a: /* remember_state */
		if (run->kept_n == STATES)
			c->bad = true;
		else
			run->kept[run->kept_n++] = *now;
		break;
	case 0x0b: /* restore_state */
		if (!run->kept_n)
			c->bad = true;
		else
			*now = run->kept[--run->kept_n];
		break;
	case 0x0c: /* def_cfa */
		now->cfa_register = uleb(c);
		now->cfa = (int64_t)uleb(c);
		now->expression = false;
		break;
	case 0x0d: now->cfa_register = uleb(c), now->expression = false; break;
	case 0x0e: now->cfa = (int64_t)uleb(c); break;
	case 0x0f: /* def_cfa_expression */
		now->cfa = (int64_t)c->at;
		now->expression = true;
		skip_block(c);
		break;
	case 0x10: /* expression */
		column = uleb(c);
		set(run, column, CFI_SAVED_AT, (int64_t)c->at);
		skip_block(c);
		break;
	case 0x11: /* offset_extended_sf */
		column = uleb(c);
		set(run, column, CFI_SAVED, scaled(run, sleb(c)));
		break;
	case 0x12: /* def_cfa_sf */
		now->cfa_register = uleb(c);
		now->cfa = scaled(run, sleb(c));
		now->expression = false;
		break;
	case 0x13: now->cfa = scaled(run, sleb(c)); break;
	case 0x14: /* val_offset */
	case 0x15:
		column = uleb(c);
		uleb(c);
		set(run, column, CFI_OTHER, 0);
		break;
	case 0x16: /* val_expression */
		column = uleb(c);
		set(run, column, CFI_OTHER, 0);
		skip_block(c);
		break;
	case 0x2d: break;          /* aarch64: the return address is signed, or no more */
	case 0x2e: uleb(c); break; /* GNU_args_size */
	default: c->bad = true;
	}
}

/* Runs operations up to the wanted address. False: one is bad. */
static bool run_to(struct run *run, size_t at, size_t end)
{
	struct cfi_cursor c = { run->cfi->bytes, at, end, false };
	while (c.at < c.end && !c.bad) {
		unsigned op = (unsigned)cfi_fixed(&c, 1);
		uint64_t before = run->loc;
		struct state was = run->now;
		if (op >> 6)
			short_operation(run, &c, op);
		else
			operation(run, &c, op);
		if (run->loc > run->wanted && run->loc != before) {
			run->now = was;
			return !c.bad;
		}
	}
	return !c.bad;
}

static bool fits(const struct place *place)
{
	return place->by == CFI_SAME || place->by >= CFI_OTHER ||
	       (place->off >= INT32_MIN && place->off <= INT32_MAX);
}

static int rule_of(const struct run *run, struct cfi_rule *rule)
{
	const struct state *now = &run->now;
	bool wide = run->cfi->wide;
	if (now->cfa < INT32_MIN || now->cfa > INT32_MAX || !fits(&now->fp) || !fits(&now->ra))
		return -1;
	*rule = (struct cfi_rule){ .cfa = (int32_t)now->cfa,
		                   .fp = (int32_t)now->fp.off,
		                   .ra = (int32_t)now->ra.off,
		                   .fp_by = now->fp.by,
		                   .ra_by = now->ra.by,
		                   .signal = run->cie->signal };
	if (now->expression)
		rule->cfa_by = CFI_EXPRESSION;
	else if (now->cfa_register == (uint64_t)(wide ? SP : SP32))
		rule->cfa_by = CFI_SP;
	else if (now->cfa_register == (uint64_t)(wide ? FP : FP32))
		rule->cfa_by = CFI_FP;
	else
		return -1;
	return 0;
}

int cfi_rule_at(const struct cfi *cfi, size_t at, uint64_t address, struct cfi_rule *rule)
{
	struct cfi_cie cie;
	struct cfi_entry fde;
	if (!cfi_next_entry(cfi, &at, &fde) || cfi_read_cie_of(cfi, &fde, &cie))
		return -1;
	struct cfi_cursor c = { cfi->bytes, fde.id + 4, fde.end, false };
	struct run run = { .cfi = cfi, .cie = &cie, .wanted = UINT64_MAX };
	run.loc = cfi_pointer(cfi, &c, cie.encoding);
	cfi_pointer(cfi, &c, cie.encoding & 0xf);
	if (cie.sized)
		skip_block(&c);
	if (c.bad || !run_to(&run, cie.first, cie.end))
		return -1;
	run.first = run.now;
	run.wanted = address;
	return run_to(&run, c.at, fde.end) ? rule_of(&run, rule) : -1;
}

/* ---- expressions ---- */

/* Returns the value of a register that an expression names; false: it is not known. */
static bool register_of(const struct cfi *cfi, const struct cfi_state *state, uint64_t number,
                        uint64_t *value)
{
	if (number == (uint64_t)(cfi->wide ? SP : SP32))
		*value = state->sp;
	else if (number == (uint64_t)(cfi->wide ? FP : FP32))
		*value = state->fp;
	else if (number == (uint64_t)(cfi->wide ? PC : PC32))
		*value = state->pc;
	else
		return false;
	return true;
}

/* The operations of two values, x below y. False: it is another. */
static bool combine(unsigned op, uint64_t x, uint64_t y, uint64_t *value)
{
	switch (op) {
	case 0x1a: *value = x & y; break;
	case 0x1c: *value = x - y; break;
	case 0x1e: *value = x * y; break;
	case 0x21: *value = x | y; break;
	case 0x22: *value = x + y; break;
	case 0x24: *value = y < 64 ? x << y : 0; break;
	case 0x25: *value = y < 64 ? x >> y : 0; break;
	case 0x27: *value = x ^ y; break;
	case 0x29: *value = x == y; break;
	case 0x2a: *value = (int64_t)x >= (int64_t)y; break;
	case 0x2b: *value = (int64_t)x > (int64_t)y; break;
	case 0x2c: *value = (int64_t)x <= (int64_t)y; break;
	case 0x2d: *value = (int64_t)x < (int64_t)y; break;
	case 0x2e: *value = x != y; break;
	default: return false;
	}
	return true;
}

/* Reads an operation that pushes a value. False: it is none of these, or its value is unknown. */
static bool pushed(const struct cfi *cfi, struct cfi_cursor *c, unsigned op,
                   const struct cfi_state *state, uint64_t *value)
{
	if (op >= 0x30 && op <= 0x4f) { /* lit */
		*value = op - 0x30;
		return true;
	}
	if (op >= 0x70 && op <= 0x8f) { /* breg */
		int64_t off = sleb(c);
		if (!register_of(cfi, state, op - 0x70, value))
			return false;
		*value += (uint64_t)off;
		return true;
	}
	switch (op) {
	case 0x03: *value = cfi_fixed(c, cfi->wide ? 8 : 4); return true;
	case 0x08: *value = cfi_fixed(c, 1); return true;
	case 0x09: *value = (uint64_t)fixed_signed(c, 1); return true;
	case 0x0a: *value = cfi_fixed(c, 2); return true;
	case 0x0b: *value = (uint64_t)fixed_signed(c, 2); return true;
	case 0x0c: *value = cfi_fixed(c, 4); return true;
	case 0x0d: *value = (uint64_t)fixed_signed(c, 4); return true;
	case 0x0e:
	case 0x0f: *value = cfi_fixed(c, 8); return true;
	case 0x10: *value = uleb(c); return true;
	case 0x11: *value = (uint64_t)sleb(c); return true;
	case 0x9c: *value = state->cfa; return true;
	default: return false;
	}
}

bool cfi_evaluate(const struct cfi *cfi, int32_t at, const struct cfi_state *state,
                  const uint64_t *start, uint64_t *value)
{
	uint64_t values[VALUES + 1];
	size_t n = 0;
	struct cfi_cursor c = { cfi->bytes, (size_t)at, cfi->n, false };
	if (at < 0 || c.at > c.end)
		return false;
	uint64_t length = uleb(&c);
	if (c.bad || length > c.end - c.at)
		return false;
	c.end = c.at + length;
	if (start)
		values[n++] = *start;
	while (c.at < c.end && !c.bad) { /* there is no way back: each operation runs once */
		unsigned op = (unsigned)cfi_fixed(&c, 1);
		if (op == 0x06 && n) { /* deref */
			if (!state->read(state->memory, values[n - 1], &values[n - 1]))
				return false;
		} else if (op == 0x23 && n) { /* plus_uconst */
			values[n - 1] += uleb(&c);
		} else if (op == 0x12 && n && n < VALUES) { /* dup */
			values[n] = values[n - 1];
			n++;
		} else if (op == 0x13 && n) { /* drop */
			n--;
		} else if (n >= 2 && combine(op, values[n - 2], values[n - 1], &values[n - 2])) {
			n--;
		} else if (op != 0x96) { /* nop */
			if (n >= VALUES || !pushed(cfi, &c, op, state, &values[n]))
				return false;
			n++;
		}
	}
	if (c.bad || !n)
		return false;
	*value = values[n - 1];
	return true;
}
