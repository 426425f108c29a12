/* Lets User-Mode Linux 6.1 run where a processor has more registers than it has room for
 * (AMX). It hands the first part of what XSAVE wrote to ptrace, which takes all of it or
 * nothing; so what is missing is put behind it, as zeroes: tiles are in nobody's use
 * there. What a process has anyway, since it was just read from it, is not set again: it
 * would be done at each system call. crowd.sh preloads this. */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char whole[64 << 10];
static size_t size; /* of all that this processor has; 0: not known yet */
static long owner;  /* the process that whole was read from last, if it was not set since */

long ptrace(enum __ptrace_request request, ...)
{
	va_list args;
	va_start(args, request);
	long pid = va_arg(args, int);
	void *addr = va_arg(args, void *), *data = va_arg(args, void *);
	va_end(args);

	if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
		long word; /* the call itself has a pointer to it, the C library's returns it */
		if (syscall(SYS_ptrace, request, pid, addr, &word) < 0)
			return -1;
		errno = 0;
		return word;
	}
	const struct iovec *part = data;
	if (request == PTRACE_GETREGSET && (long)addr == NT_X86_XSTATE) {
		long result = syscall(SYS_ptrace, request, pid, addr, data);
		owner = 0;
		if (result == 0 && part->iov_len <= sizeof whole) {
			memcpy(whole, part->iov_base, part->iov_len);
			owner = pid;
		}
		return result;
	}
	if (request != PTRACE_SETREGSET || (long)addr != NT_X86_XSTATE) {
		if (request != PTRACE_GETREGS && request != PTRACE_SETREGS)
			owner = 0; /* it may run, and its registers change */
		return syscall(SYS_ptrace, request, pid, addr, data);
	}
	if (owner == pid && memcmp(whole, part->iov_base, part->iov_len) == 0)
		return 0;
	owner = 0;
	struct iovec all = {whole, sizeof whole};
	if (size == 0) {
		if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, addr, &all) < 0)
			return -1;
		size = all.iov_len;
	}
	if (part->iov_len >= size)
		return syscall(SYS_ptrace, request, pid, addr, data);
	memcpy(whole, part->iov_base, part->iov_len);
	memset(whole + part->iov_len, 0, size - part->iov_len);
	all.iov_len = size;
	return syscall(SYS_ptrace, request, pid, addr, &all);
}
