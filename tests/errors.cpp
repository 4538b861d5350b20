// Errors name the op that was called, also where it is written in other ops; and its line.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <tapewise/ops/check_catalogue.hpp>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::message_of;

namespace {

/// An example's inputs with one of them spoilt.
enum class Spoilt { scalar, one_more_axis, other_vector, one_row_more, masks, far, not_numbers };
constexpr Spoilt every_way[] = {Spoilt::scalar,       Spoilt::one_more_axis, Spoilt::other_vector,
                                Spoilt::one_row_more, Spoilt::masks,         Spoilt::far,
                                Spoilt::not_numbers};

tw::ExampleInput spoil(tw::ExampleInput in, Spoilt how) {
  tw::Shape& shape = in.shape;
  if (how == Spoilt::scalar) shape = {};
  if (how == Spoilt::one_more_axis) shape.push_back(7);
  if (how == Spoilt::other_vector) shape = {7};
  if (how == Spoilt::one_row_more && shape.rank() > 0) {
    tw::Shape longer{shape[0] + 1};
    for (std::size_t axis = 1; axis < shape.rank(); ++axis) longer.push_back(shape[axis]);
    shape = longer;
  }
  if (how == Spoilt::masks) in.dtype = tw::DType::boolean;
  if (how == Spoilt::far) in.low = in.high = 1000.0;
  if (how == Spoilt::not_numbers && tw::is_float(in.dtype)) {
    in.low = in.high = std::numeric_limits<double>::quiet_NaN();
  }
  return in;
}

/// What examples do to their inputs before the op is called: that may fail first.
bool is_of_the_example(const std::string& message) {
  static constexpr std::string_view before[] = {"[add] ", "[multiply] ", "[matmul] ", "[concat] "};
  return std::any_of(std::begin(before), std::end(before),
                     [&](std::string_view start) { return message.starts_with(start); });
}

/// Variants of an op that have records of their own.
std::string_view called(std::string_view op) {
  static const std::pair<std::string_view, std::string_view> variants[] = {
      {"labelled_cross_entropy", "cross_entropy"},
      {"weighted_bce_with_logits", "bce_with_logits"},
      {"pad_mode", "pad"}};
  for (const auto& [variant, name] : variants) {
    if (op == variant) return name;
  }
  return op;
}

}  // namespace

TEST_CASE("errors of all ops begin with the op that was called") {
  std::size_t errors = 0, of_composites = 0;
  for (const tw::OpRecord* op : tw::all_ops()) {
    if (op->examples == nullptr) continue;
    const std::string start = "[" + std::string(called(op->name)) + "] ";
    for (tw::Example example : op->examples()) {
      for (tw::ExampleInput& input : example.inputs) {
        const tw::ExampleInput good = input;
        for (const Spoilt how : every_way) {
          // Examples of matrices add the identity, which there is of floats only.
          if (how == Spoilt::masks && op->family == "linalg") continue;
          input = spoil(good, how);
          tw::Tape tape;
          std::string message;
          try {
            const tw::Var y =
                example.apply(tests::example_inputs(tape, example, tw::DType::float64, 5));
            (void)y.data();
          } catch (const tw::Error& error) {
            message = error.what();
          }
          input = good;
          if (message.empty() || is_of_the_example(message)) continue;
          ++errors;
          if (op->traits.composite) ++of_composites;
          CAPTURE(message);
          CAPTURE(op->name);
          CHECK(message.starts_with(start));
        }
      }
    }
  }
  CHECK(errors > 3000);
  CHECK(of_composites > 300);
}

TEST_CASE("an error inside of an op written in others names both, and the line of the call") {
  tw::Tape tape;
  const tw::Var scores = tape.input(xt::xarray<double>::from_shape({3, 4}));
  const tw::Var labels = tape.input(xt::xarray<std::int64_t>{0, 1, 5});
  const tw::Var image = tape.input(xt::xarray<double>::from_shape({1, 2, 4, 4}));
  const auto at_recording = message_of<tw::ShapeError>([&] { tw::avg_pool2d(image, 9); });
  CHECK(contains(at_recording, "[avg_pool2d] conv2d: a kernel 9x9 does not fit into an image 4x4"));
  CHECK(contains(at_recording, "\n  recorded at errors.cpp:"));
  // Values are looked at when they are asked for, by the tape or by a program.
  const tw::Var loss = tw::nll(scores, labels);
  const std::string wrong =
      "[nll] gather: index 5 at position 2 is out of range for axis 1 of size 4"
      "\n  recorded at errors.cpp:";
  CHECK(contains(message_of<tw::DomainError>([&] { loss.item(); }), wrong));
  tw::Program program = tw::compile({loss});
  CHECK(contains(message_of<tw::DomainError>([&] { program.run(); }), wrong));
  // The outermost op is the one that was called.
  CHECK(contains(message_of<tw::ShapeError>([&] { tw::layer_norm(scores, 2); }), "[layer_norm] "));
  // Afterwards ops are by themselves again, on the same line too.
  CHECK(contains(message_of<tw::ShapeError>([&] { tw::mean(scores, 2); }), "[mean] axis 2"));
}
