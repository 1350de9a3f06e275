// SPDX-License-Identifier: Apache-2.0
// libnuma's header, found where the distribution puts it (Debian: libnuma-dev).
#include <numa.h>
