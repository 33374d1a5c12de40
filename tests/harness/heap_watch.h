// Sees memory that comes from the heap: data belongs into the pool, where a steady step allocates nothing.
#pragma once

#include <cstddef>

namespace triad::harness {

/// The most bytes that one operator new of this program has asked for since forget_heap_requests().
size_t largest_heap_request();
void forget_heap_requests();

/// False under a sanitizer, which has an operator new of its own: the largest request is 0 then.
bool watches_heap();

}  // namespace triad::harness
