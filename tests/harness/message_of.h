// The text of the error a piece of code throws.
#pragma once

#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

namespace triad::harness {

/// what() of the E that f() throws. Where f throws nothing or something else, a text that says so and so fails the
/// comparison it is used in.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    std::forward<F>(f)();
  } catch (const E& e) {
    return e.what();
  } catch (const std::exception& e) {
    return std::string("another type was thrown, ") + typeid(e).name() + ": " + e.what();
  }
  return "nothing was thrown";
}

}  // namespace triad::harness
