/* Preloaded, it makes each fsync take longer, as a slow card does, and counts them in a file. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static long *count;
static struct timespec pause_;

__attribute__((constructor)) static void begin(void) {
    const char *milliseconds = getenv("SLOW_DISK_MS"), *path = getenv("SLOW_DISK_COUNT");
    long ms = milliseconds ? atol(milliseconds) : 0;
    pause_.tv_sec = ms / 1000;
    pause_.tv_nsec = ms % 1000 * 1000000;
    int file = path ? open(path, O_RDWR) : -1;
    if (file >= 0) {
        void *page = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        count = page == MAP_FAILED ? NULL : page;
        close(file);
    }
}

static int slowly(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (count)
        __sync_fetch_and_add(count, 1);
    nanosleep(&pause_, NULL);
    return real(file);
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
