/* The clock that people read, off by the seconds in the file CLOCK_FILE, at every look; what measures durations is not.
   Preloaded into processes of the app. Compiled by tests/support.py. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile long nothing, *seconds = &nothing;

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("CLOCK_FILE"), O_RDONLY | O_CLOEXEC);
    seconds = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (seconds == MAP_FAILED) abort();
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += *seconds;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec got;
    clock_gettime(CLOCK_REALTIME, &got);
    now->tv_sec = got.tv_sec;
    now->tv_usec = got.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *where) {
    struct timespec got;
    clock_gettime(CLOCK_REALTIME, &got);
    if (where) *where = got.tv_sec;
    return got.tv_sec;
}
