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

TEST_CASE("one broken op of any kind makes the whole list dirty") {
  using enum tests::Fault;
  const tw::OpRecord* right[] = {
      &tw::own_record<tests::BrokenElementwise<none>>(),
      &tw::own_record<tests::BrokenAttribute<none>>(),
      &tw::own_record<tests::BrokenStructured<none>>(),
      &tw::own_record<tests::BrokenMoments<none>>(),
      &tw::own_record<tests::BrokenGather<none>>(),
      &tw::own_record<tests::BrokenSecond<none>>(),
      &tw::own_record<tests::BrokenComposite<none>>(),
  };
  for (const tw::OpCheck& check : tw::check_all(right)) {
    CAPTURE(check);
    CHECK(static_cast<bool>(check));
  }
  const tw::OpRecord* broken[] = {
      &tw::own_record<tests::BrokenElementwise<wrong_sign>>(),
      &tw::own_record<tests::BrokenAttribute<missing>>(),
      &tw::own_record<tests::BrokenStructured<not_summed>>(),
      &tw::own_record<tests::BrokenMoments<off_by_3_percent>>(),
      &tw::own_record<tests::BrokenGather<off_by_3_percent>>(),
      &tw::own_record<tests::BrokenGather<wrong_sign>>(),
      &tw::own_record<tests::BrokenGather<missing>>(),
      &tw::own_record<tests::BrokenGather<not_summed>>(),
      &tw::own_record<tests::BrokenSecond<off_by_3_percent>>(),
      &tw::own_record<tests::BrokenSecond<wrong_sign>>(),
      &tw::own_record<tests::BrokenSecond<missing>>(),
      &tw::own_record<tests::BrokenComposite<wrong_sign>>(),
  };
  for (const tw::OpRecord* op : broken) {
    const tw::OpRecord* list[] = {tw::all_ops()[0], op};
    const std::vector<tw::OpCheck> checks = tw::check_all(list);
    REQUIRE(checks.size() == 4);
    CAPTURE(checks[2]);
    CHECK(static_cast<bool>(checks[0]));
    CHECK_FALSE(static_cast<bool>(checks[2]));  // float64
    CHECK_FALSE(static_cast<bool>(checks[3]));  // float32
  }
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
