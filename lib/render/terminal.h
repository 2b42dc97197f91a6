/* The terminal as a full screen: lines of which only the changed ones are written, keys, size;
 * given back as it was on every way out that a process can notice. One at a time. */
#ifndef VMPIPE_RENDER_TERMINAL_H
#define VMPIPE_RENDER_TERMINAL_H

#include "plugin.h"

enum { /* keys beside the characters */
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
	int in, wake; /* to poll for reading: keys, and news for vp_terminal_news; -1: closed */
	int width, height; /* columns and rows */
	char **lines;
	size_t *lengths;
	int rows; /* as they stand on the screen; NULL: unknown */
	char *buffer;
	size_t used, size;
	unsigned char keys[64];
	size_t key_at, key_count;
};

/* Whether a full screen can be had: stdout is a terminal that knows more than TERM=dumb, and we are
 * in its foreground. */
bool vp_terminal_possible(void);
/* Takes the screen. While it is ours, what the program says on stderr is held back, if that is a
 * terminal. 0, -1 (vp_error). */
int vp_terminal_open(struct vp_terminal *terminal);
/* Gives it back: the alternate screen is left, the modes are as they were, what was held back is
 * said. */
void vp_terminal_close(struct vp_terminal *terminal);
enum { VP_NEWS_SIZE = 1 /* or the whole screen is to be drawn anew */, VP_NEWS_INTERRUPT = 2 };
unsigned vp_terminal_news(struct vp_terminal *terminal); /* since the last call */
void vp_terminal_forget(struct vp_terminal *terminal);   /* the next draw writes all lines */
int vp_terminal_key(struct vp_terminal *terminal);       /* VP_KEY_NONE: none waits */
/* The lines are bytes ready for the terminal, as wide as it at most; missing ones are empty. 0, or
 * -1: the terminal is gone. */
int vp_terminal_draw(struct vp_terminal *terminal, const vp_str *lines, int count);

#endif
