// Being told to stop: SIGTERM and SIGUSR1, which schedulers send before they end a job.
#pragma once

namespace triad::train {

/// From here on these signals end nothing: they are noted. A second SIGTERM ends the process as the first one would have.
void note_stop_signals();

/// Whether one has come.
bool stop_requested();
/// As if one had, or had not: for tests.
void request_stop(bool requested = true);

}  // namespace triad::train
