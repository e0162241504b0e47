/* Programs that are hard to trace, one a name; tests/trace_corners.rs builds and runs them. Each prints what it found, so
 * that a run under trace can be held against a run without. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A filter of the program's own: `sandbox ANSWER HOW`, where HOW is prctl or seccomp. getppid is what it is about. */
static void on_sigsys(int signal) { (void)signal; if (write(1, "SIGSYS\n", 7) != 7) abort(); }

static int sandbox(const char *answer, const char *how)
{
	unsigned does = !strcmp(answer, "errno") ? SECCOMP_RET_ERRNO | 42
		      : !strcmp(answer, "trace") ? SECCOMP_RET_TRACE | 7
		      : !strcmp(answer, "trap") ? SECCOMP_RET_TRAP
		      : !strcmp(answer, "kill") ? SECCOMP_RET_KILL_PROCESS
						: SECCOMP_RET_ALLOW;
	struct sock_filter steps[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getppid },
		{ BPF_RET | BPF_K, 0, 0, does },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
	};
	struct sock_fprog program = { 4, steps };
	signal(SIGSYS, on_sigsys);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	long made = !strcmp(how, "prctl")
		? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)
		: syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	if (made != 0)
		return 2;
	pid_t child = fork();
	long ret = syscall(SYS_getppid);
	printf("%s %s errno %d\n", child ? "parent" : "child", ret < 0 ? "failed" : "returned", ret < 0 ? errno : 0);
	if (child == 0)
		return 0;
	int status = 0;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

#ifdef __x86_64__
/* Three i386 calls of a 64-bit program: 4 is write there, and stat here. */
static int int80(void)
{
	char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		return 2;
	strcpy(low, "thirty-two\n");
	for (int i = 0; i < 3; i++) {
		long ret;
		__asm__ volatile("int $0x80" : "=a"(ret) : "a"(4), "b"(1), "c"((int)(long)low), "d"(11)
				 : "memory", "r8", "r9", "r10", "r11");
		if (ret != 11) {
			puts("no i386 calls here");
			return 0;
		}
	}
	return write(1, "sixty-four\n", 11) != 11;
}
#else
static int int80(void) { puts("no i386 calls here"); return 0; }
#endif

/* Many short lives: threads, forks and vforks. */
static void *short_life(void *unused)
{
	int ends[2];
	char byte;
	if (pipe(ends) || write(ends[1], "x", 1) != 1 || read(ends[0], &byte, 1) != 1)
		abort();
	close(ends[0]);
	close(ends[1]);
	return unused;
}

static int crowd(int rounds)
{
	for (int round = 0; round < rounds; round++) {
		pthread_t threads[8];
		for (int i = 0; i < 8; i++)
			if (pthread_create(&threads[i], 0, short_life, 0))
				abort();
		pid_t child = round % 2 ? vfork() : fork();
		if (child == 0)
			_exit(7);
		int status;
		if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
			abort();
		for (int i = 0; i < 8; i++)
			pthread_join(threads[i], 0);
	}
	puts("all came and went");
	return 0;
}

/* A thread that is not the first executes the program anew, while others are in the middle of calls. */
static void *spins(void *unused)
{
	char byte;
	while (read(-1, &byte, 1) == -1)
		usleep(100);
	return unused;
}

static char *path;

static void *executes(void *left)
{
	execl(path, path, "successor", left, (char *)0);
	abort();
}

static int successor(int left)
{
	static char next[16];
	if (left == 0) {
		puts("the last one");
		return 3;
	}
	sprintf(next, "%d", left - 1);
	pthread_t thread;
	for (int i = 0; i < 4; i++)
		pthread_create(&thread, 0, spins, 0);
	pthread_create(&thread, 0, executes, next);
	if (left % 2)
		pthread_exit(0);
	for (;;)
		pause();
}

/* Closes all descriptors, the tool's too if it could, and takes other numbers. */
static int closer(void)
{
	int out = dup2(1, 500);
	for (int fd = 0; fd < 1024; fd++)
		if (fd != out)
			close(fd);
	if (open("/dev/null", O_RDWR) != 0 || dup2(out, 1) != 1)
		return 2;
	if (write(1, "still here\n", 11) != 11)
		return 3;
	return close_range(0, ~0U, 0) ? 4 : 5;
}

/* The first thread ends; another goes on: echoes what it reads. */
static void *echoes(void *unused)
{
	char line[64];
	ssize_t got;
	while ((got = read(0, line, sizeof line)) > 0)
		if (write(1, line, got) != got)
			break;
	exit(0);
	return unused;
}

static int headless(void)
{
	pthread_t thread;
	pthread_create(&thread, 0, echoes, 0);
	pthread_exit(0);
}

int main(int count, char **words)
{
	path = words[0];
	const char *name = count > 1 ? words[1] : "";
	setvbuf(stdout, 0, _IOLBF, 0);
	if (!strcmp(name, "sandbox") && count > 3)
		return sandbox(words[2], words[3]);
	if (!strcmp(name, "int80"))
		return int80();
	if (!strcmp(name, "crowd") && count > 2)
		return crowd(atoi(words[2]));
	if (!strcmp(name, "successor") && count > 2)
		return successor(atoi(words[2]));
	if (!strcmp(name, "closer"))
		return closer();
	if (!strcmp(name, "headless"))
		return headless();
	return 64;
}
