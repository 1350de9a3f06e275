// SPDX-License-Identifier: Apache-2.0
#include "CHeap.h"

#include <malloc.h>

size_t CHeap_allocated(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

void CHeap_trim(void) { malloc_trim(0); }
