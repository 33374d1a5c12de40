#include <gtest/gtest.h>

#include "triad/core/cpu/wait_policy.h"

int main(int argc, char** argv) {
  triad::cpu::use_passive_wait(argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
