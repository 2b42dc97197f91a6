/* The terminal as a full screen: writes changed lines only, reads keys and size, and restores the
 * terminal on every exit that a process can notice. One at a time. */
#ifndef VMPIPE_RENDER_TERMINAL_H
#define VMPIPE_RENDER_TERMINAL_H

#include "plugin.h"

enum { /* keys that are no characters */
       VP_KEY_NONE,
       VP_KEY_UP = 0x110000,
       VP_KEY_DOWN,
       VP_KEY_LEFT,
       VP_KEY_RIGHT,
       VP_KEY_PAGE_UP,
       VP_KEY_PAGE_DOWN,
       VP_KEY_HOME,
       VP_KEY_END,
       VP_KEY_BACKTAB,
       VP_KEY_ESCAPE,
       VP_KEY_OTHER,
};

struct vp_terminal {
	int in, wake; /* descriptors to poll for reading: keys, and news for vp_terminal_news; -1:
	                 closed */
	int width, height; /* columns and rows */
	char **lines;
	size_t *lengths;
	int rows; /* lines on the screen; NULL: unknown */
	char *buffer;
	size_t used, size;
	unsigned char keys[64];
	size_t key_at, key_count;
};

/* Whether stdout is a terminal other than TERM=dumb, and the program is in its foreground. */
bool vp_terminal_possible(void);
/* Takes the screen. Messages on stderr are held back meanwhile if stderr is a terminal. Returns 0,
 * or -1 (vp_error). */
int vp_terminal_open(struct vp_terminal *terminal);
/* Leaves the alternate screen, restores the modes and prints the messages held back. */
void vp_terminal_close(struct vp_terminal *terminal);
enum { VP_NEWS_SIZE = 1 /* or the whole screen must be drawn */, VP_NEWS_INTERRUPT = 2 };
unsigned vp_terminal_news(struct vp_terminal *terminal); /* since the last call */
void vp_terminal_forget(struct vp_terminal *terminal);   /* the next draw writes all lines */
int vp_terminal_key(struct vp_terminal *terminal);       /* VP_KEY_NONE: no key is pending */
/* Draws lines of bytes ready for the terminal, at most as wide; missing lines are empty. Returns 0,
 * or -1 (vp_error). */
int vp_terminal_draw(struct vp_terminal *terminal, const vp_str *lines, int count);

#endif
