// The pass that computes a loss and its gradient in one pass over the rows.
#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::printed;
using Labels = xt::xarray<std::int64_t>;

namespace {

struct Classifier {
  tw::Tape tape;
  tw::Var z, labels, loss, gradient;

  explicit Classifier(tw::Reduction reduction = tw::Reduction::mean, bool one_hot = false) {
    xt::xarray<double> numbers = xt::zeros<double>({40, 7});
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers.data()[i] = std::sin(static_cast<double>(i * i)) * 5;
    }
    Labels of_row = Labels::from_shape({40});
    for (std::size_t i = 0; i < 40; ++i) of_row(i) = static_cast<std::int64_t>(i * 3 % 7);
    z = tape.input(numbers, "z");
    labels = tape.input(of_row, "labels");
    if (one_hot) labels = tape.input(tw::one_hot(labels, 7).value<double>());
    loss = tw::cross_entropy(z, labels, {reduction, 1.0});
    const tw::Var y = reduction == tw::Reduction::none ? tw::sum(loss) : loss;
    gradient = tw::backward(y, {z})[z];
  }
};

}  // namespace

TEST_CASE("cross_entropy and its gradient are one step, and every bit stays") {
  for (const auto reduction : {tw::Reduction::mean, tw::Reduction::sum, tw::Reduction::none}) {
    for (const bool one_hot : {false, true}) {
      Classifier c(reduction, one_hot);
      tw::Program paired = tw::compile({c.loss, c.gradient}),
                  apart = tw::compile({c.loss, c.gradient}, {.pair = false});
      // With `none` the cotangents of the rows are computed, from a constant.
      CHECK(contains(printed(paired), "cross_entropy with cross_entropy_gradient"));
      CHECK_FALSE(contains(printed(apart), " with "));
      paired.run();
      apart.run();
      CHECK(paired.value<double>(c.loss) == apart.value<double>(c.loss));
      CHECK(paired.value<double>(c.gradient) == apart.value<double>(c.gradient));
    }
  }
}

TEST_CASE("the gradient is left apart when its cotangent is computed in the run") {
  Classifier c;
  const tw::Var y = square(c.loss);  // dy/dloss = 2·loss, known after the loss
  tw::Program program = tw::compile({y, tw::backward(y, {c.z})[c.z]});
  CHECK_FALSE(contains(printed(program), " with "));
  program.run();
  CHECK(program.item(y) == y.item());
}

TEST_CASE("a wrong label is found before anything is written") {
  Classifier c;
  tw::Program program = tw::compile({c.loss, c.gradient});
  c.labels.set(xt::xarray<std::int64_t>(xt::ones<std::int64_t>({40}) * 9));
  CHECK(contains(message_of<tw::DomainError>([&] { program.run(); }),
                 "[cross_entropy] label 9 at position 0 is out of range for 7 classes"));
}

TEST_CASE("the loss in pieces does not depend on the number of threads") {
  tw::Tape tape;
  xt::xarray<float> numbers = xt::zeros<float>({512, 1000});
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers.data()[i] = static_cast<float>(std::sin(static_cast<double>(i)));
  }
  const tw::Var z = tape.input(numbers),
                loss = tw::cross_entropy(z, tape.input(Labels(xt::zeros<std::int64_t>({512}))));
  const tw::Var gradient = tw::backward(loss, {z})[z];
  tw::Program program = tw::compile({loss, gradient});
  const int before = tw::num_threads();
  tw::set_num_threads(1);
  program.run();
  const double one = program.item(loss);
  const auto gradient_one = program.value<float>(gradient);
  tw::set_num_threads(3);
  program.run();
  tw::set_num_threads(before);
  CHECK(program.item(loss) == one);
  CHECK(program.value<float>(gradient) == gradient_one);
}
