/* Counts, copies or fails changes of files in one directory, below Python, HDF5 and TensorFlow.

   cc -shared -fPIC -O2 -o write_points.so write_points.c -ldl; then LD_PRELOAD it. Each change is a
   write point: open for writing, write, truncate, fsync, rename, unlink, mkdir. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { OFF, LIST, COPY, FULL, FULL_AFTER };

static char directory[PATH_MAX], record[PATH_MAX];
static volatile int way = OFF;
static long place, count;

/* Starts anew. `record` is the list of the changes, or the folder of the copies. */
void write_points(const char *where, int how, long at, const char *to) {
  way = OFF;
  snprintf(directory, sizeof directory, "%s", where);
  snprintf(record, sizeof record, "%s", to);
  place = at;
  count = 0;
  way = how;
}

long write_points_met(void) { return count; }

static const char *of_descriptor(int descriptor, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t n = readlink(link, path, PATH_MAX - 1);
  path[n < 0 ? 0 : n] = 0;
  return path;
}

static const char *of_name(int at, const char *name, char *path) {
  if (name[0] == '/' || at == AT_FDCWD) return name;
  of_descriptor(at, path);
  size_t n = strlen(path);
  snprintf(path + n, PATH_MAX - n, "/%s", name);
  return path;
}

/* Returns what to do at a change: 0 nothing, 1 fail before it, 2 fail after it, half done. */
static int change(const char *what, const char *path) {
  if (way == OFF || strncmp(path, directory, strlen(directory))) return 0;
  long number = __sync_add_and_fetch(&count, 1);
  if (way == LIST || way == COPY) {
    char line[4 * PATH_MAX];
    int before = way;
    way = OFF; /* Its own writing. */
    /* A crash before this change leaves what the copy has. Temporary files, and records for
       TensorBoard, are never read: what is in them makes no other copy. */
    int read = !strstr(path, "/.tmp-") && !strstr(path, "/tensorboard/");
    if (before == COPY && (read || (strcmp(what, "write") && strcmp(what, "truncate")))) {
      snprintf(line, sizeof line,
               "unset LD_PRELOAD; to='%s/%06ld'; if [ -e '%s' ]; then cp -a '%s' \"$to\"; else mkdir \"$to\"; fi",
               record, number, directory, directory);
      if (system(line)) abort();
    }
    snprintf(line, sizeof line, before == COPY ? "%s/list" : "%s", record);
    FILE *file = fopen(line, "a");
    fprintf(file, "%ld\t%s\t%s\n", number, what, path);
    fclose(file);
    way = before;
    return 0;
  }
  if (way == FULL_AFTER) return number == place ? 2 : 0; /* Once. */
  int frees = !strcmp(what, "unlink"); /* A full disk lets things go. */
  return number == place || (number > place && !frees) ? 1 : 0;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define CHANGES(what, path, call) \
  do { \
    int fails = change(what, path); \
    if (fails == 1) return errno = ENOSPC, -1; \
    __typeof__(call) result = call; \
    if (fails == 2) return errno = ENOSPC, -1; \
    return result; \
  } while (0)

#define OPENS(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list arguments; \
    va_start(arguments, flags); \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0; \
    va_end(arguments); \
    if (way != OFF && flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR) && change("open", path)) \
      return errno = ENOSPC, -1; \
    return real(path, flags, mode); \
  }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name) \
  int name(int at, const char *path, int flags, ...) { \
    REAL(name); \
    char buffer[PATH_MAX]; \
    va_list arguments; \
    va_start(arguments, flags); \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0; \
    va_end(arguments); \
    if (way != OFF && flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR) && \
        change("open", of_name(at, path, buffer))) \
      return errno = ENOSPC, -1; \
    return real(at, path, flags, mode); \
  }
OPENS_AT(openat)
OPENS_AT(openat64)

#define OPENS_FILE(name) \
  FILE *name(const char *path, const char *mode) { \
    REAL(name); \
    if (way != OFF && mode[0] != 'r' && change("open", path)) return errno = ENOSPC, NULL; \
    return real(path, mode); \
  }
OPENS_FILE(fopen)
OPENS_FILE(fopen64)

/* Fails as a disk does that has no room left: with nothing written, or with a part of it. */
#define WRITES(name, parameters, part, whole) \
  ssize_t name parameters { \
    REAL(name); \
    char path[PATH_MAX]; \
    int fails = way == OFF ? 0 : change("write", of_descriptor(descriptor, path)); \
    if (fails == 1 || (fails == 2 && n < 2)) return errno = ENOSPC, -1; \
    if (fails == 2) { \
      way = FULL; \
      place = count + 1; /* What comes next fails. */ \
      return part; \
    } \
    return whole; \
  }
WRITES(write, (int descriptor, const void *from, size_t n), real(descriptor, from, n / 2),
       real(descriptor, from, n))
WRITES(pwrite, (int descriptor, const void *from, size_t n, off_t to),
       real(descriptor, from, n / 2, to), real(descriptor, from, n, to))
WRITES(pwrite64, (int descriptor, const void *from, size_t n, off64_t to),
       real(descriptor, from, n / 2, to), real(descriptor, from, n, to))

size_t fwrite(const void *from, size_t size, size_t n, FILE *file) {
  REAL(fwrite);
  char path[PATH_MAX];
  if (way != OFF && change("write", of_descriptor(fileno(file), path))) return errno = ENOSPC, 0;
  return real(from, size, n, file);
}

int fsync(int descriptor) {
  REAL(fsync);
  char path[PATH_MAX];
  if (way == OFF) return real(descriptor);
  CHANGES("fsync", of_descriptor(descriptor, path), real(descriptor));
}
int ftruncate(int descriptor, off_t n) {
  REAL(ftruncate);
  char path[PATH_MAX];
  if (way == OFF) return real(descriptor, n);
  CHANGES("truncate", of_descriptor(descriptor, path), real(descriptor, n));
}
int ftruncate64(int descriptor, off64_t n) {
  REAL(ftruncate64);
  char path[PATH_MAX];
  if (way == OFF) return real(descriptor, n);
  CHANGES("truncate", of_descriptor(descriptor, path), real(descriptor, n));
}
int rename(const char *from, const char *to) {
  REAL(rename);
  CHANGES("rename", to, real(from, to));
}
int renameat(int at, const char *from, int to_at, const char *to) {
  REAL(renameat);
  char path[PATH_MAX];
  CHANGES("rename", of_name(to_at, to, path), real(at, from, to_at, to));
}
int unlink(const char *path) {
  REAL(unlink);
  CHANGES("unlink", path, real(path));
}
int unlinkat(int at, const char *name, int flags) {
  REAL(unlinkat);
  char path[PATH_MAX];
  CHANGES("unlink", of_name(at, name, path), real(at, name, flags));
}
int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  CHANGES("mkdir", path, real(path, mode));
}
int mkdirat(int at, const char *name, mode_t mode) {
  REAL(mkdirat);
  char path[PATH_MAX];
  CHANGES("mkdir", of_name(at, name, path), real(at, name, mode));
}
