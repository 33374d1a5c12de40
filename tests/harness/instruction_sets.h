// Running the same thing on every instruction set the kernels were compiled for and this machine has.
#pragma once

#include <functional>

namespace triad::harness {

/// Calls body(name) once for each such set, while Highway's dispatch is held to it; the usual choice is back
/// afterwards.
void for_each_instruction_set(const std::function<void(const char* name)>& body);

}  // namespace triad::harness
