#include "tests/harness/instruction_sets.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

namespace triad::harness {

void for_each_instruction_set(const std::function<void(const char* name)>& body) {
  struct UsualChoice {
    ~UsualChoice() {
      hwy::SetSupportedTargetsForTest(0);
      hwy::GetChosenTarget().DeInit();
    }
  } restore;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    body(hwy::TargetName(target));
  }
}

}  // namespace triad::harness
