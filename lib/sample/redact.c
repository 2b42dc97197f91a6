/* SHA-256 (FIPS 180-4); its first block holds the key. */
#include "sample/redact.h"

#include <string.h>

enum { BLOCK = 64 };

static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static uint32_t begun[8]; /* the state after the key's block */
static bool keyed;

static uint32_t turn(uint32_t v, int n)
{
	return v >> n | v << (32 - n);
}

static void schedule(const unsigned char *block, uint32_t w[64])
{
	for (int i = 0; i < 16; i++, block += 4)
		w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 |
		       (uint32_t)block[2] << 8 | block[3];
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];
		w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 7] +
		       (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
	}
}

static void compress(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[64], v[8];
	schedule(block, w);
	memcpy(v, state, sizeof v);
	for (int i = 0; i < 64; i++) {
		uint32_t e = v[4], a = v[0];
		uint32_t one = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
		               ((e & v[5]) ^ (~e & v[6])) + constants[i] + w[i];
		uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
		               ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += one;
		v[0] = one + two;
	}
	for (int i = 0; i < 8; i++)
		state[i] += v[i];
}

/* Hashes the last n bytes of a message of `before` + n: whole blocks, then those with the length.
 */
static void digest(uint32_t state[8], uint64_t before, const unsigned char *at, size_t n)
{
	unsigned char last[2 * BLOCK] = { 0 };
	uint64_t bits = (before + n) * 8;
	for (; n >= BLOCK; at += BLOCK, n -= BLOCK)
		compress(state, at);
	if (n)
		memcpy(last, at, n);
	last[n] = 0x80;
	size_t blocks = n + 9 > BLOCK ? 2 : 1;
	for (int i = 0; i < 8; i++)
		last[blocks * BLOCK - 1 - (size_t)i] = (unsigned char)(bits >> 8 * i);
	for (size_t i = 0; i < blocks; i++)
		compress(state, last + i * BLOCK);
}

void vp_redact_key(const char *key)
{
	unsigned char block[BLOCK] = { 0 };
	size_t n = key ? strlen(key) : 0;
	if (n > BLOCK) { /* a long key is replaced by its digest, as in HMAC */
		uint32_t state[8];
		memcpy(state, start, sizeof state);
		digest(state, 0, (const unsigned char *)key, n);
		for (size_t i = 0; i < 32; i++)
			block[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
	} else if (n) {
		memcpy(block, key, n);
	}
	memcpy(begun, start, sizeof begun);
	compress(begun, block);
	keyed = true;
}

void vp_redact(vp_str bytes, char digits[VP_REDACTED])
{
	static const char hex[] = "0123456789abcdef";
	uint32_t state[8];
	if (!keyed)
		vp_redact_key(NULL);
	memcpy(state, begun, sizeof state);
	digest(state, BLOCK, (const unsigned char *)bytes.p, bytes.n);
	for (int i = 0; i < VP_REDACTED; i++)
		digits[i] = hex[state[i / 8] >> (28 - 4 * (i % 8)) & 15];
}
