// SPDX-License-Identifier: Apache-2.0
// libnuma's headers, found where the distribution puts them (Debian: libnuma-dev).
#include <numa.h>
#include <numaif.h>
