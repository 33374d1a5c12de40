#pragma once

#include <cstdint>

namespace triad::bench {

/// Does `rounds` rounds of multiply-adds on registers, without memory; returns the operations done. `sink` receives
/// something that depends on all of them.
int64_t multiply_add_f32(int64_t rounds, float& sink);
/// As above with dot products of pairs of bf16, added up in f32; 0 where the processor has no such instruction.
int64_t multiply_add_bf16(int64_t rounds, float& sink);
/// A chain of `count` additions, each of which waits for the one before: its length in clock cycles over `count` is what an
/// integer addition takes, 1.
uint64_t dependent_additions(int64_t count, uint64_t start);

}  // namespace triad::bench
