#include "triad/core/base/profile.h"

#include <thread>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad {
namespace {

using namespace std::chrono_literals;

TEST(Profile, TimeInsideANestedScopeCountsForTheInnerNameOnly) {
  Profile profile;
  profile.start();
  {
    const ProfileScope outer("outer");
    std::this_thread::sleep_for(2ms);
    for (int i = 0; i < 2; ++i) {
      const ProfileScope inner("inner");
      std::this_thread::sleep_for(40ms);
    }
  }
  profile.stop();
  ASSERT_EQ(profile.entries().size(), 2u);
  EXPECT_EQ(profile.entries().at("outer").calls, 1);
  EXPECT_EQ(profile.entries().at("inner").calls, 2);
  EXPECT_GE(profile.entries().at("inner").time, 80ms);
  EXPECT_GE(profile.entries().at("outer").time, 2ms);
  EXPECT_LT(profile.entries().at("outer").time, profile.entries().at("inner").time);
}

TEST(Profile, EndsWithItsObject) {
  {
    Profile cut_short;
    cut_short.start();
  }
  Profile another;
  another.start();  // throws where the first is still running
  another.stop();
}

TEST(Profile, HearsOneThreadBetweenStartAndStop) {
  Profile profile;
  {
    const ProfileScope before("before");
  }
  profile.start();
  std::thread([] { const ProfileScope elsewhere("elsewhere"); }).join();
  EXPECT_EQ(harness::message_of<ValueError>([] { Profile().start(); }),
            "Profile: another one is running on this thread");
  profile.stop();
  {
    const ProfileScope after("after");
  }
  EXPECT_TRUE(profile.entries().empty());
}

}  // namespace
}  // namespace triad
