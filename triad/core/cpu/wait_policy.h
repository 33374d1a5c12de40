// How idle threads of the OpenMP team wait.
#pragma once

namespace triad::cpu {

/// Makes idle OpenMP threads spin for some 25 µs and then sleep. By default libgomp spins for milliseconds at every barrier,
/// which makes each parallel call take a scheduler tick (8 ms) as soon as one other process is busy. Threads that sleep at
/// once are no better: a step of training is hundreds of calls, each would wait for a wake-up, and the scheduler likes to
/// wake the whole team on one processor.
///
/// The policy is read when libgomp is loaded, so this sets OMP_WAIT_POLICY and GOMP_SPINCOUNT and executes the program
/// again, once. Call it first in main(). It returns at once if either is set, by the user or by the first call, or if
/// OMP_PROC_BIND is: libgomp has bound this thread to one processor by then, and the program would start on that alone.
void use_passive_wait(char** argv);

/// Set by use_passive_wait() beside the two variables: programs started from here are to be given neither of the three.
inline constexpr const char* kChosenHere = "TRIAD_WAIT_POLICY";

}  // namespace triad::cpu
