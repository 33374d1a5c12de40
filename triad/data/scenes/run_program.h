// Runs a program and reads what it writes.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace triad::data {

/// What a program wrote to its standard output. `arguments` begins with the program's name, looked up in PATH; its
/// standard input is empty. May be called from several threads.
/// Throws IoError if the program is not there (the message ends with `hint`), does not end with status 0 (the message
/// has the begin of its standard error) or is not done in `limit`; it is killed then.
std::string run_program(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                        const std::string& hint);

}  // namespace triad::data
