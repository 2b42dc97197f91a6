/* Preloaded, it cuts the file CUT_FILE to a page as soon as the program has asked for the size of
 * it in order to read it. Nobody finds this moment from outside. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path;

__attribute__((constructor)) static void begin(void)
{
	path = getenv("CUT_FILE");
	unsetenv("LD_PRELOAD"); /* the programs that it starts read what they like */
}

int fstat(int fd, struct stat *found)
{
	int (*real)(int, struct stat *) = (int (*)(int, struct stat *))dlsym(RTLD_NEXT, "fstat");
	struct stat there;
	int failed = real(fd, found);
	if (!failed && path && !(fcntl(fd, F_GETFL) & O_PATH) && stat(path, &there) == 0 &&
	    found->st_ino == there.st_ino && found->st_dev == there.st_dev)
		failed = truncate(path, 4096);
	return failed;
}
