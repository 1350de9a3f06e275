// SPDX-License-Identifier: Apache-2.0
#ifndef CHEAP_H
#define CHEAP_H

#include <stddef.h>

/// Bytes that are allocated now; see mallinfo2(3), which Swift's module of the C library leaves out.
size_t CHeap_allocated(void);

/// Gives back to the kernel what is free; see malloc_trim(3).
void CHeap_trim(void);

#endif
