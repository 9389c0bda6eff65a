#ifndef STEELYARD_SERVER_PIDFD_H_
#define STEELYARD_SERVER_PIDFD_H_

// <sys/pidfd.h> for C++: glibc 2.36's declares C++ functions, which are
// nowhere.
#include <fcntl.h>
#include <signal.h>

extern "C" {
#include <sys/pidfd.h>
}

#endif  // STEELYARD_SERVER_PIDFD_H_
