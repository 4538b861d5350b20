// The catalogue checked by the library itself, as the command does it.
#include <doctest/doctest.h>

#include <set>
#include <sstream>
#include <tapewise/ops/check_catalogue.hpp>

#include "broken_ops.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;

TEST_CASE("every op of the catalogue is right in every float dtype, a line each") {
  const std::vector<tw::OpCheck> checks = tw::check_all();
  std::set<std::string_view> names;
  std::size_t entries = 0, single = 0;
  for (const tw::OpCheck& check : checks) {
    CAPTURE(check);
    CHECK(static_cast<bool>(check));
    names.insert(check.op);
    entries += check.checked;
    single += check.dtype == tw::DType::float32;
    std::ostringstream line;
    line << check;
    CHECK_FALSE(contains(line.str(), "\n"));
  }
  CHECK(names.size() == tw::all_ops().size());
  CHECK(single > 30);
  CHECK(entries > 5000);
}

TEST_CASE("one broken op makes the list dirty, in text and in JSON") {
  const tw::OpRecord* ops[] = {tw::all_ops()[0],
                               &tw::own_record<tests::BrokenElementwise<tests::Fault::missing>>()};
  const std::vector<tw::OpCheck> checks = tw::check_all(ops);
  REQUIRE(checks.size() == 4);
  CHECK(static_cast<bool>(checks[0]));
  CHECK_FALSE(static_cast<bool>(checks[2]));
  CHECK_FALSE(static_cast<bool>(checks[3]));
  std::ostringstream line;
  line << checks[2];
  CHECK(contains(line.str(), "broken_elementwise"));
  CHECK(contains(line.str(), "WRONG"));
  const std::string json = tw::to_json(checks);
  CHECK(contains(json, "\"right\": true"));
  CHECK(contains(json, "\"right\": false"));
  CHECK(contains(json, "\"problem\""));
}
