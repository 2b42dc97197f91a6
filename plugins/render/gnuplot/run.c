/* Runs gnuplot on the script, without a shell, and writes its whole picture to the host, or
 * nothing. */
#include "inner.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Unnamed files instead of pipes, so that neither side waits for the other. */
struct files {
	FILE *script, *picture, *messages;
};

static int open_files(struct gp *g, struct files *files)
{
	files->script = tmpfile();
	files->picture = tmpfile();
	files->messages = tmpfile();
	if (!files->script || !files->picture || !files->messages)
		return g->host->fail(g->host, "gnuplot: no temporary file: %s", strerror(errno));
	if (fprintf(files->script, "terminal = '%s'\n", g->terminal) < 0 ||
	    fwrite(g->script, 1, g->n, files->script) != g->n || fflush(files->script) ||
	    lseek(fileno(files->script), 0, SEEK_SET))
		return g->host->fail(g->host,
		                     "gnuplot: cannot write the script to a temporary file: %s",
		                     strerror(errno));
	return 0;
}

static void close_files(struct files *files)
{
	if (files->script)
		fclose(files->script);
	if (files->picture)
		fclose(files->picture);
	if (files->messages)
		fclose(files->messages);
}

/* -d: ignores the user's start-up files, so that the picture is the same everywhere. */
static int spawn(struct files *files, pid_t *pid)
{
	char name[] = "gnuplot", defaults[] = "-d", standard[] = "-";
	char *argv[] = { name, defaults, standard, NULL };
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, fileno(files->script), 0);
	error = error ? error
	              : posix_spawn_file_actions_adddup2(&actions, fileno(files->picture), 1);
	error = error ? error
	              : posix_spawn_file_actions_adddup2(&actions, fileno(files->messages), 2);
	error = error ? error : posix_spawnp(pid, name, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Returns the last line of gnuplot's message that is no caret: the reason. */
static const char *reason(struct files *files, char *line, int size)
{
	static char last[512];
	rewind(files->messages);
	*last = 0;
	while (fgets(line, size, files->messages)) {
		line[strcspn(line, "\n")] = 0;
		if (line[strspn(line, " ^\t")])
			snprintf(last, sizeof last, "%s", line);
	}
	return *last ? last : "no reason given";
}

static int wait_for(struct gp *g, struct files *files, pid_t pid)
{
	char line[512];
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return g->host->fail(g->host, "gnuplot: cannot wait for gnuplot: %s",
			                     strerror(errno));
	if (WIFSIGNALED(status))
		return g->host->fail(g->host, "gnuplot: gnuplot was killed by signal %d (%s)",
		                     WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return g->host->fail(g->host, "gnuplot: gnuplot failed with status %d: %s",
		                     WEXITSTATUS(status), reason(files, line, sizeof line));
	return 0;
}

static int copy(struct gp *g, struct files *files)
{
	char bytes[65536], line[512];
	size_t n, all = 0;
	rewind(files->picture);
	while ((n = fread(bytes, 1, sizeof bytes, files->picture))) {
		g->host->write(g->host, bytes, n);
		all += n;
	}
	if (ferror(files->picture))
		return g->host->fail(g->host, "gnuplot: cannot read the picture back: %s",
		                     strerror(errno));
	return all ? 0
	           : g->host->fail(g->host, "gnuplot: gnuplot drew nothing: %s",
	                           reason(files, line, sizeof line));
}

int gp_run(struct gp *g)
{
	struct files files = { 0 };
	pid_t pid;
	int status = open_files(g, &files);
	if (!status) {
		int error = spawn(&files, &pid);
		if (error == ENOENT)
			status = g->host->fail(g->host, "gnuplot: there is no program gnuplot here "
			                                "to make a picture of the script "
			                                "(Debian, Ubuntu: apt-get install "
			                                "gnuplot-nox)");
		else if (error)
			status = g->host->fail(g->host, "gnuplot: cannot start gnuplot: %s",
			                       strerror(error));
		else
			status = wait_for(g, &files, pid) ? -1 : copy(g, &files);
	}
	close_files(&files);
	return status;
}
