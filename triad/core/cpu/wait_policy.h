// How idle threads of the OpenMP team wait.
#pragma once

namespace triad::cpu {

/// Makes idle OpenMP threads sleep instead of spin. By default libgomp spins for milliseconds at every barrier, which
/// makes each parallel call take a scheduler tick (8 ms) as soon as one other process is busy. The policy is read when
/// libgomp is loaded, so this sets OMP_WAIT_POLICY=passive and executes the program again, once. Call it first in
/// main(); it returns at once if the variable is already set, by the user or by the first call.
void use_passive_wait(char** argv);

}  // namespace triad::cpu
