/* The lower limit of a sampler: reads a file to its end in 64 KiB reads, LOOKS times, and drops the
 * data.
 *
 *   reader FILE [LOOKS [MS]]      MS: time between reads of the file
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	if (fd < 0)
		return perror("reader"), 1;
	for (long look = argc > 2 ? atol(argv[2]) : 1; look > 0; look--) {
		ssize_t n;
		if (lseek(fd, 0, SEEK_SET))
			return perror("reader"), 1;
		while ((n = read(fd, buffer, sizeof buffer)) > 0) {}
		if (n < 0)
			return perror("reader"), 1;
		if (argc > 3)
			poll(NULL, 0, atoi(argv[3]));
	}
	return 0;
}
