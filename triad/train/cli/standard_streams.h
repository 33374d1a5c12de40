// Standard input, output and error of a program that must not depend on who reads them.
#pragma once

namespace triad::train {

/// Opens /dev/null where one of the three is closed: a file of the run would get its descriptor, and with it what is meant
/// for a person. Lets a write to a pipe that nobody reads fail instead of ending the program: training goes on without its
/// terminal. Call it first in main().
void prepare_standard_streams();

/// The exit code of a program that would end with `code`: kExitFailure, with a word on standard error, if something written
/// to standard output was lost. A reader that has gone away, as `head` does, has had enough: that is no failure.
int finish_standard_output(int code);

}  // namespace triad::train
