// tapewise_demo: the lecture's example, its gradient table and check; then a network trained on
// Fashion-MNIST.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <tapewise/lessons/fashion.hpp>
#include <tapewise/lessons/lecture_example.hpp>
#include <tapewise/lessons/progress.hpp>

namespace {

using tapewise::lessons::FashionOptions;
using tapewise::lessons::FashionSummary;

void describe(CLI::App& app, FashionOptions& options) {
  app.add_option("--data", options.folder, "folder with the four files of Fashion-MNIST")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "for first values and the order of the images")
      ->capture_default_str();
  app.add_option("--epochs", options.epochs, "how often all training images are shown")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--batch", options.batch, "images in a step")
      ->check(CLI::Range(1, 60000))
      ->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate, "of Adam")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--constant-rate", options.constant_rate,
               "do not let the learning rate fall to zero over the last epoch");
}

void print(const FashionSummary& summary) {
  std::printf(
      "\nsummary\n"
      "  test accuracy         %.4f\n"
      "  seconds an epoch      %.2f\n"
      "  allocations per step  %g\n"
      "  bytes of arena        %zu\n",
      summary.accuracy, summary.seconds_an_epoch, summary.allocations_per_step,
      summary.arena_bytes);
}

int run(const FashionOptions& options) {
  std::cout
      << "1. The lecture's example: u_in = w1·x1³ + w2·x2, u_out = σ(u_in), L = ½(y - u_out)²\n\n";
  const bool right = tapewise::lessons::show_lecture_example(std::cout);
  std::cout << "\n2. Fashion-MNIST: 784-256-128-10, ReLU, cross-entropy, float32, batches of "
            << options.batch << ", seed " << options.seed << ",\n   Adam with rate "
            << options.learning_rate
            << (options.constant_rate ? "" : ", falling to zero over the last epoch") << "\n\n";
  print(tapewise::lessons::train_on_fashion(options, std::cout,
                                            tapewise::lessons::standard_output_is_terminal()));
  return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app(
        "Shows the gradient table of a worked example and trains a network on Fashion-MNIST.",
        "tapewise_demo");
    FashionOptions options;
    describe(app, options);
    CLI11_PARSE(app, argc, argv);
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
