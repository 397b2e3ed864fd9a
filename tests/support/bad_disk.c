/* A disk that writes and then fails to say that it did: when this is preloaded (ld.so(8)), every fsync of a file whose name
   ends in "-wal" fails with EIO while the file exists that BAD_DISK names. When "once" is in it, it is removed by that. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_bad(int file) {
    const char *told = getenv("BAD_DISK");
    char link[64], name[4096], how[8] = "";
    int saved = errno, flag = told ? open(told, O_RDONLY | O_CLOEXEC) : -1;
    errno = saved;
    if (flag < 0)
        return 0;
    if (read(flag, how, sizeof how - 1) < 0)
        how[0] = 0;
    close(flag);
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 4 || strncmp(name + length - 4, "-wal", 4))
        return 0;
    if (!strncmp(how, "once", 4))
        unlink(told);
    errno = EIO;
    return 1;
}

int fsync(int file) {
    int (*plain)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return is_bad(file) ? -1 : plain(file);
}

int fdatasync(int file) {
    int (*plain)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return is_bad(file) ? -1 : plain(file);
}
