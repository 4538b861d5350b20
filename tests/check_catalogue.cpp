// The catalogue checked by the library itself, as the command does it.
#include <doctest/doctest.h>

#include <iostream>
#include <set>
#include <sstream>
#include <tapewise/lessons/command/command.hpp>
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

namespace {

/// Exit status and output of `tapewise LINE` over a catalogue of one's own.
std::pair<int, std::string> check_command(const std::string& line,
                                          std::span<const tw::OpRecord* const> ops) {
  CLI::App app;
  tw::lessons::Run run;
  tw::lessons::add_check_command(app, run, ops);
  app.parse(line);
  std::ostringstream text;
  std::streambuf* const before = std::cout.rdbuf(text.rdbuf());
  const int status = run();
  std::cout.rdbuf(before);
  return {status, text.str()};
}

template <template <tests::Fault> class Op, tests::Fault fault>
void one_broken_op_fails_the_command() {
  const tw::OpRecord* clean[] = {tw::all_ops()[0], &tw::own_record<Op<tests::Fault::none>>()};
  const tw::OpRecord* dirty[] = {tw::all_ops()[0], &tw::own_record<Op<fault>>()};
  CAPTURE(dirty[1]->name);
  CHECK(check_command("check --all", clean).first == tw::lessons::all_right);
  const auto [status, text] = check_command("check --all", dirty);
  CHECK(status == tw::lessons::check_failed);
  CHECK(contains(text, "WRONG"));
  const auto [json_status, json] = check_command("check --all --json", dirty);
  CHECK(json_status == tw::lessons::check_failed);
  CHECK(contains(json, "\"right\": false"));
}

}  // namespace

TEST_CASE("`tapewise check --all` fails when a rule of any kind is broken") {
  using enum tests::Fault;
  one_broken_op_fails_the_command<tests::BrokenElementwise, off_by_3_percent>();
  one_broken_op_fails_the_command<tests::BrokenAttribute, missing>();
  one_broken_op_fails_the_command<tests::BrokenStructured, not_summed>();
  one_broken_op_fails_the_command<tests::BrokenMoments, wrong_sign>();
  one_broken_op_fails_the_command<tests::BrokenGather, off_by_3_percent>();
  one_broken_op_fails_the_command<tests::BrokenSecond, wrong_sign>();
  one_broken_op_fails_the_command<tests::BrokenComposite, missing>();
}
