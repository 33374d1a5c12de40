#include "triad/bench/steps/profile_table.h"

#include <algorithm>
#include <cstdio>

namespace triad::bench {

std::string profile_table(std::vector<ProfileRow> rows, double whole) {
  double between = whole;
  for (const ProfileRow& row : rows) between -= row.milliseconds;
  rows.push_back({"between kernels", 0, between});
  std::ranges::sort(rows, std::ranges::greater(), &ProfileRow::milliseconds);
  rows.insert(rows.begin(), {"the step", 1, whole});
  std::string table;
  for (const ProfileRow& row : rows) {
    char line[160];
    std::snprintf(line, sizeof(line), "    %-26s %7.1f x %9.2f ms %5.1f%%\n", row.kernel.c_str(), row.calls,
                  row.milliseconds, 100 * row.milliseconds / whole);
    table += line;
  }
  return table;
}

}  // namespace triad::bench
