#include "triad/bench/peers/peer_process.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

using harness::message_of;

PeerProcess shell(const char* script) { return PeerProcess({"sh", "-c", script}, "install a shell"); }

TEST(PeerProcess, AnswersLineByLine) {
  PeerProcess peer = shell(R"(while read -r line; do echo "{\"heard\": $line}"; done)");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.ask({{"n", i}}).at("heard").at("n"), i);
}

TEST(PeerProcess, TellsWhatWentWrong) {
  EXPECT_EQ(message_of<IoError>([] { PeerProcess({"no-such-program"}, "name another"); }),
            "peer: cannot start no-such-program: No such file or directory\n  hint: name another");
  EXPECT_EQ(message_of<IoError>([] { shell("echo it broke >&2; exit 3").ask({{"n", 1}}); }),
            "peer: sh has ended with status 3:\nit broke\n");
  EXPECT_EQ(message_of<IoError>([] { shell("kill -9 $$").ask({{"n", 1}}); }), "peer: sh has ended by signal 9");
  EXPECT_EQ(message_of<IoError>([] { shell("read x; echo what").ask({{"n", 1}}); }),
            "peer: sh answered 'what\n', expected JSON");
  EXPECT_EQ(message_of<IoError>([] { shell(R"(read x; echo '{"error": "no memory"}')").ask({{"n", 1}}); }),
            "peer: sh: \"no memory\"");
}

}  // namespace
}  // namespace triad::bench
