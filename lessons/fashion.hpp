#pragma once
#include <cstdint>
#include <iosfwd>
#include <string>

namespace tapewise::lessons {

/// What is trained, and how.
struct FashionOptions {
  std::string folder = "/usr/share/datasets/fashion-mnist";
  std::uint64_t seed = 0;
  int epochs = 5;
  std::int64_t batch = 128;
  double learning_rate = 1e-3;
  bool constant_rate = false;  ///< else the rate falls to zero over the last epoch, linearly
};

/// What came out.
struct FashionSummary {
  double accuracy = 0;              ///< on the test images, after the last epoch
  double seconds_an_epoch = 0;      ///< of training, without the tests
  double allocations_per_step = 0;  ///< from the second run of each program on
  std::size_t arena_bytes = 0;      ///< of the training program for whole batches
};

/// Trains the network 784-256-128-10 with ReLUs on Fashion-MNIST: softmax cross-entropy, Adam,
/// float32. A progress bar on a terminal, else a line per epoch.
/// Throws IoError when the images cannot be read.
FashionSummary train_on_fashion(const FashionOptions& options, std::ostream& out, bool terminal);

}  // namespace tapewise::lessons
