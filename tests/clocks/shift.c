/* Moves the wall clock of a process and of all that it starts by CLOCK_SHIFT seconds, when it is preloaded (ld.so(8)).
   Where CLOCK_STEPS names a file, the signed 64-bit number in it is added: who writes there steps a running clock.

   It counts how often anybody asks what time it is, or what time that is in the machine's zone: `clock_asked`.

   Monotonic clocks stay as they are, so sleeps and time-outs last as long as they say. libfaketime 0.9.10 does not do for
   that: told to leave the monotonic clock alone it makes Python's time.sleep fail, and told to move it too it makes a lock
   with a time-out wait for ever. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const volatile int64_t *steps;
unsigned long clock_asked;

static void count(void) { __atomic_add_fetch(&clock_asked, 1, __ATOMIC_RELAXED); }

/* Whoever asked last is not to count. */
void clock_forgive(void) { __atomic_sub_fetch(&clock_asked, 1, __ATOMIC_RELAXED); }

__attribute__((constructor)) static void look(void) {
    const char *path = getenv("CLOCK_STEPS");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *shared = mmap(NULL, sizeof *steps, PROT_READ, MAP_SHARED, file, 0);
    steps = shared == MAP_FAILED ? NULL : shared;
}

static long shift(void) {
    const char *seconds = getenv("CLOCK_SHIFT");
    return (seconds ? atol(seconds) : 0) + (steps ? *steps : 0);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        at->tv_sec += shift();
        count();
    }
    return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

struct tm *localtime_r(const time_t *at, struct tm *into) {
    static struct tm *(*real)(const time_t *, struct tm *);
    if (!real)
        real = (struct tm * (*)(const time_t *, struct tm *)) dlsym(RTLD_NEXT, "localtime_r");
    count();
    return real(at, into);
}

time_t mktime(struct tm *at) {
    static time_t (*real)(struct tm *);
    if (!real)
        real = (time_t(*)(struct tm *))dlsym(RTLD_NEXT, "mktime");
    count();
    return real(at);
}
