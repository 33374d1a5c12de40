#include "triad/bench/kernels/kernel_case.h"

#include <algorithm>
#include <regex>
#include <set>

#include "triad/core/base/error.h"
#include "triad/core/base/join.h"

namespace triad::bench {
namespace {

bool has_backward(const ops::OpSpec& op, const ops::Workload& workload) {
  return op.no_derivative.empty() && workload.backward;
}

/// Every case there is; the order of suites is that of their names.
std::vector<KernelCase> all_cases() {
  std::vector<KernelCase> cases;
  for (const ops::OpSpec& op : ops::all_op_specs()) {
    for (const ops::Workload& workload : op.workloads) {
      for (const Pass pass : {Pass::forward, Pass::backward}) {
        if (pass == Pass::backward && !has_backward(op, workload)) continue;
        for (const DType dtype : {DType::f32, DType::bf16}) {
          if (std::find(op.dtypes.begin(), op.dtypes.end(), dtype) != op.dtypes.end())
            cases.push_back({&op, &workload, pass, dtype});
        }
      }
    }
  }
  std::stable_sort(cases.begin(), cases.end(),
                   [](const KernelCase& a, const KernelCase& b) { return a.workload->suite < b.workload->suite; });
  return cases;
}

/// A name of a suite selects it, and so does its beginning up to a dash.
bool selects(const std::string& wanted, const std::string& suite) {
  return suite == wanted || suite.starts_with(wanted + "-");
}

void check_suites(const std::vector<std::string>& wanted, const std::vector<KernelCase>& cases) {
  std::set<std::string> suites;
  for (const KernelCase& c : cases) suites.insert(c.workload->suite);
  for (const std::string& name : wanted) {
    require<ValueError>(std::any_of(suites.begin(), suites.end(), [&](auto& s) { return selects(name, s); }), "bench",
                        "there is no suite ", name, Hint{"there are " + join(suites)});
  }
}

void check_names(const std::vector<std::string>& wanted, const std::vector<KernelCase>& cases) {
  for (const std::string& name : wanted) {
    require<ValueError>(std::any_of(cases.begin(), cases.end(), [&](auto& c) { return c.name() == name; }), "bench",
                        "there is no case '", name, "'", Hint{"`triad bench list` shows them"});
  }
}

std::regex pattern_of(const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& e) {
    fail<ValueError>("bench", "'", text, "' is no regular expression: ", e.what());
  }
}

}  // namespace

std::string_view name_of(Pass pass) { return pass == Pass::forward ? "fwd" : "bwd"; }

std::string KernelCase::kernel() const { return str(op->name, ".", name_of(pass)); }

std::string KernelCase::name() const {
  return str(workload->suite, "/", kernel(), "/", workload->place, "/", name_of(dtype));
}

std::vector<KernelCase> find_cases(const CaseFilter& filter) {
  std::vector<KernelCase> cases = all_cases();
  check_suites(filter.suites, cases);
  check_names(filter.names, cases);
  const std::regex pattern = pattern_of(filter.kernel);
  const auto wants = [](const auto& list, const auto& matches) {
    return list.empty() || std::any_of(list.begin(), list.end(), matches);
  };
  std::erase_if(cases, [&](const KernelCase& c) {
    return !wants(filter.suites, [&](const std::string& s) { return selects(s, c.workload->suite); }) ||
           !wants(filter.dtypes, [&](DType d) { return d == c.dtype; }) ||
           !wants(filter.names, [&](const std::string& n) { return n == c.name(); }) ||
           !std::regex_search(c.kernel(), pattern);
  });
  require<ValueError>(!cases.empty(), "bench", "no case fits all that was asked for",
                      Hint{"`triad bench list` shows them"});
  return cases;
}

}  // namespace triad::bench
