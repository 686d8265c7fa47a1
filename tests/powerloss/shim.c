/*
 * A disk that forgets: what a process wrote to files of one directory counts as stored only
 * once it was fsynced. Loaded by LD_PRELOAD; `tests/powerloss/disk.py` reads what it keeps.
 *
 * POWERLOSS_DIR   the directory that is watched (not its subdirectories)
 * POWERLOSS_DISK  what would be on the disk:
 *     stored-<ino>  the synced bytes        dirty-<ino>  (offset, length) written since
 *     keep-<ino>    a link, so that an inode's number is not given to another file
 *     names         "<ino> <name>" lines as of the directory's last fsync
 *
 * Files ending in -shm are shared memory of SQLite, not storage. A shared writable mapping of any
 * other watched file is a way of writing that is not modelled: the process is aborted.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *watched, *disk;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t raw_pwrite(int fd, const void *bytes, size_t n, off_t at) {
    REAL(pwrite);
    return real(fd, bytes, n, at);
}

static ssize_t raw_write(int fd, const void *bytes, size_t n) {
    REAL(write);
    return real(fd, bytes, n);
}

static int raw_ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    return real(fd, size);
}

static int ready(void) {
    if (!disk) {
        watched = getenv("POWERLOSS_DIR");
        disk = getenv("POWERLOSS_DISK");
    }
    return watched && disk;
}

static void fatal(const char *what) {
    const char *lead = "power-loss model: ";
    raw_write(2, lead, strlen(lead));
    raw_write(2, what, strlen(what));
    raw_write(2, "\n", 1);
    abort();
}

static int open_on_disk(const char *kind, unsigned long ino, int flags) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s-%lu", disk, kind, ino);
    int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) fatal("cannot write the model's own files");
    return fd;
}

static int lock_disk(void) {
    char path[PATH_MAX];
    pthread_mutex_lock(&turn);
    snprintf(path, sizeof path, "%s/lock", disk);
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX)) fatal("cannot lock");
    return fd;
}

static void unlock_disk(int fd) {
    close(fd);
    pthread_mutex_unlock(&turn);
}

/* 1: a watched file, 2: the watched directory itself, 0: none of ours. */
static int kind_of(int fd, struct stat *st) {
    char link[64], path[PATH_MAX];
    if (!ready() || fstat(fd, st)) return 0;
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    size_t prefix = strlen(watched);
    if (strncmp(path, watched, prefix)) return 0;
    if (S_ISDIR(st->st_mode)) return path[prefix] == 0 ? 2 : 0;
    if (path[prefix] != '/' || strchr(path + prefix + 1, '/')) return 0;
    return (n > 4 && !strcmp(path + n - 4, "-shm")) ? 0 : 1;
}

static void note(int fd, int64_t at, int64_t length) {
    struct stat st;
    if (length <= 0 || kind_of(fd, &st) != 1) return;
    char link[64], keep[PATH_MAX];
    int64_t range[2] = {at, length};
    int held = lock_disk();
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    snprintf(keep, sizeof keep, "%s/keep-%lu", disk, (unsigned long)st.st_ino);
    linkat(AT_FDCWD, link, AT_FDCWD, keep, AT_SYMLINK_FOLLOW); /* there already: fine */
    int log = open_on_disk("dirty", st.st_ino, O_WRONLY | O_APPEND);
    if (raw_write(log, range, sizeof range) != sizeof range) fatal("cannot note a write");
    close(log);
    unlock_disk(held);
}

static void copy_range(int from, int to, int64_t at, int64_t length) {
    static char buffer[1 << 16];
    while (length > 0) {
        size_t want = length < (int64_t)sizeof buffer ? (size_t)length : sizeof buffer;
        ssize_t n = pread(from, buffer, want, at);
        if (n <= 0) return; /* cut off since */
        if (raw_pwrite(to, buffer, n, at) != n) fatal("cannot store");
        at += n;
        length -= n;
    }
}

static void store_file(const struct stat *st) {
    char keep[PATH_MAX];
    struct stat now;
    int64_t range[2];
    snprintf(keep, sizeof keep, "%s/keep-%lu", disk, (unsigned long)st->st_ino);
    int stored = open_on_disk("stored", st->st_ino, O_WRONLY);
    int from = open(keep, O_RDONLY | O_CLOEXEC); /* the caller's may be write-only */
    if (from >= 0) {
        int log = open_on_disk("dirty", st->st_ino, O_RDWR);
        while (read(log, range, sizeof range) == sizeof range)
            copy_range(from, stored, range[0], range[1]);
        if (fstat(from, &now) || raw_ftruncate(stored, now.st_size)) fatal("cannot resize");
        if (raw_ftruncate(log, 0)) fatal("cannot forget what is stored");
        close(log);
        close(from);
    }
    close(stored);
}

static void store_names(void) {
    char path[PATH_MAX], next[PATH_MAX];
    snprintf(path, sizeof path, "%s/names", disk);
    snprintf(next, sizeof next, "%s/names.next", disk);
    FILE *out = fopen(next, "w");
    DIR *dir = opendir(watched);
    struct dirent *entry;
    if (!out || !dir) fatal("cannot list the directory");
    while ((entry = readdir(dir))) {
        size_t n = strlen(entry->d_name);
        if (entry->d_type != DT_REG || (n > 4 && !strcmp(entry->d_name + n - 4, "-shm"))) continue;
        fprintf(out, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
    }
    closedir(dir);
    fclose(out);
    rename(next, path);
}

static int sync_fd(int fd) {
    struct stat st;
    int kind = kind_of(fd, &st);
    if (!kind) return 0;
    int held = lock_disk();
    if (kind == 1) store_file(&st);
    else store_names();
    unlock_disk(held);
    return 1;
}

int fsync(int fd) {
    REAL(fsync);
    return sync_fd(fd) ? 0 : real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return sync_fd(fd) ? 0 : real(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
    ssize_t done = raw_pwrite(fd, bytes, n, at);
    note(fd, at, done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
    return pwrite(fd, bytes, n, at);
}

ssize_t write(int fd, const void *bytes, size_t n) {
    ssize_t done = raw_write(fd, bytes, n);
    struct stat st;
    if (done > 0 && kind_of(fd, &st) == 1) note(fd, lseek(fd, 0, SEEK_CUR) - done, done);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int n) {
    REAL(writev);
    ssize_t done = real(fd, parts, n);
    struct stat st;
    if (done > 0 && kind_of(fd, &st) == 1) note(fd, lseek(fd, 0, SEEK_CUR) - done, done);
    return done;
}

int ftruncate(int fd, off_t size) {
    int done = raw_ftruncate(fd, size);
    if (!done) note(fd, size, 1); /* the size itself is stored by the next fsync */
    return done;
}

int ftruncate64(int fd, off64_t size) {
    return ftruncate(fd, size);
}

ssize_t copy_file_range(int in, off64_t *at_in, int out, off64_t *at_out, size_t n, unsigned flags) {
    REAL(copy_file_range);
    ssize_t done = real(in, at_in, out, at_out, n, flags);
    if (done > 0) note(out, 0, INT64_MAX / 2);
    return done;
}

void *mmap(void *where, size_t n, int protection, int flags, int fd, off_t at) {
    REAL(mmap);
    struct stat st;
    if (fd >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED) && kind_of(fd, &st) == 1)
        fatal("a watched file is written through a mapping, which is not modelled");
    return real(where, n, protection, flags, fd, at);
}

void *mmap64(void *where, size_t n, int protection, int flags, int fd, off64_t at) {
    return mmap(where, n, protection, flags, fd, at);
}
