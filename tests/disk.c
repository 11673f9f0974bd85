/* A disk that fails: below the folder DISK_MOUNT whatever is written or flushed gets an I/O error while the file
   DISK_FAILS holds a 1; while it holds a 2, only what is flushed, as where a kernel keeps what is written for a while.
   Preloaded into processes of the app. Compiled by tests/support.py. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WRITING = 1, FLUSHING = 2 };
static const volatile char *failing;
static const char *mount;

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("DISK_FAILS"), O_RDONLY | O_CLOEXEC);
    failing = mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
    mount = getenv("DISK_MOUNT");
    if (failing == MAP_FAILED || !mount) abort();
    close(file);
}

static int fails(int file, int from) {
    char link[64], path[4096];
    if (*failing < 1 || *failing > from) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path);
    if (size < (ssize_t)strlen(mount) || strncmp(path, mount, strlen(mount))) return 0;
    errno = EIO;
    return 1;
}

ssize_t write(int file, const void *data, size_t size) {
    return fails(file, WRITING) ? -1 : syscall(SYS_write, file, data, size);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    return fails(file, WRITING) ? -1 : syscall(SYS_pwrite64, file, data, size, at);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    return pwrite64(file, data, size, at);
}

int fsync(int file) {
    return fails(file, FLUSHING) ? -1 : syscall(SYS_fsync, file);
}

int fdatasync(int file) {
    return fails(file, FLUSHING) ? -1 : syscall(SYS_fdatasync, file);
}
