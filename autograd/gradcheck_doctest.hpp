#pragma once
#include <doctest/doctest.h>

#include <sstream>
#include <tapewise/autograd/gradcheck.hpp>

// For tests written with doctest: `CHECK(tw::gradcheck(f, x))` holds when the gradient is right,
// and prints the whole report, every entry included, when it does not. Include it in the test;
// doctest is yours to provide, the library does not need it.

namespace doctest {

template <>
struct StringMaker<tapewise::GradcheckReport> {
  static String convert(const tapewise::GradcheckReport& report) {
    std::ostringstream text;
    text << report << '\n';
    tapewise::print_entries(text, report);
    return text.str().c_str();
  }
};

}  // namespace doctest
