// fuzz_seeds DIR: writes DIR/TARGET/…, what each target begins with.
#include <iostream>

#include "tests/fuzz/seeds.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds DIR\n";
    return 2;
  }
  triad::fuzz::write_seeds(argv[1]);
  return 0;
}
