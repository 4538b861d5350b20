#include <tapewise/lessons/fashion.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <ostream>
#include <tapewise/lessons/allocation_counter.hpp>
#include <tapewise/lessons/progress.hpp>
#include <tapewise/nn/data.hpp>
#include <tapewise/nn/module.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/tapewise.hpp>
#include <vector>

namespace tapewise::lessons {

namespace {

using Clock = std::chrono::steady_clock;
using Rows = std::span<const std::int64_t>;

/// 784-256-128-10 with ReLUs. Pixels are standardised with the mean and deviation of the training
/// images; weights start as He et al. 2015 derive for ReLUs, biases at zero.
nn::Sequential make_network(nn::Random& random) {
  using nn::Linear, nn::Relu;
  const nn::LinearOptions start{.weight = nn::init::he_uniform(), .bias = nn::init::zeros()};
  const auto standardise = [](const Var& x) { return (x - 0.2860) / 0.3530; };
  return nn::Sequential(standardise, Linear(nn::FashionMnist::features, 256, random, start), Relu(),
                        Linear(256, 128, random, start), Relu(),
                        Linear(128, nn::FashionMnist::classes, random, start));
}

/// A step of the training as one program: forward, backward and the updates, for one batch size.
/// Programs for several sizes share the parameters and the optimizer's state, which lie in cells.
class TrainingStep {
 public:
  TrainingStep(const nn::Module& network, nn::Optimizer& optimizer, std::int64_t batch)
      : images_(nn::make_zeros({DType::float32, {batch, nn::FashionMnist::features}})),
        labels_(nn::make_zeros({DType::int64, {batch}})),
        program_(record(network, optimizer)) {}

  /// The mean loss of the rows, before the update.
  double run(const nn::Dataset& data, Rows rows) {
    nn::copy_rows(data.images, rows, *images_);
    nn::copy_rows(data.labels, rows, *labels_);
    program_.run();
    return program_.item(0);
  }
  std::size_t arena_bytes() const { return program_.arena_bytes(); }

 private:
  Program record(const nn::Module& network, nn::Optimizer& optimizer) const {
    Tape tape;
    const Var x = tape.input(images_, "images"), y = tape.input(labels_, "labels");
    const Var loss = cross_entropy(network(x), y).named("loss");
    const std::vector<Var> parameters = network.parameters(tape);
    std::vector<Var> outputs = {loss};
    for (const Var& update : optimizer.update(backward(loss, parameters), parameters)) {
      outputs.push_back(update);
    }
    return compile(outputs);  // outlives the tape
  }

  CellPtr images_, labels_;
  Program program_;
};

/// The classes that the network gives to rows of images.
class Classifier {
 public:
  Classifier(const nn::Module& network, std::int64_t batch)
      : images_(nn::make_zeros({DType::float32, {batch, nn::FashionMnist::features}})),
        program_(record(network)) {}

  std::int64_t count_right(const nn::Dataset& data, Rows rows) {
    nn::copy_rows(data.images, rows, *images_);
    program_.run();
    const auto* scores = static_cast<const float*>(program_.data(0));
    std::int64_t right = 0;
    for (const std::int64_t row : rows) {
      const auto best = std::max_element(scores, scores + nn::FashionMnist::classes) - scores;
      right += best == data.labels.as<std::int64_t>()[row] ? 1 : 0;
      scores += nn::FashionMnist::classes;
    }
    return right;
  }

 private:
  Program record(const nn::Module& network) const {
    Tape tape;
    return compile({network(tape.input(images_, "images"))});
  }

  CellPtr images_;
  Program program_;
};

/// Things made once for each batch size: the last batch of an epoch is smaller than the others.
template <class T>
class PerBatchSize {
 public:
  template <class Make>
  T& get(std::size_t size, const Make& make) {
    auto& made = made_[size];
    if (made == nullptr) made = make(static_cast<std::int64_t>(size));
    return *made;
  }
  bool has(std::size_t size) const { return made_.contains(size); }

 private:
  std::map<std::size_t, std::unique_ptr<T>> made_;
};

double accuracy(const nn::Module& network, const nn::Dataset& data) {
  const nn::Batches batches(data.size(), 1000, 0);
  PerBatchSize<Classifier> classifiers;
  std::int64_t right = 0;
  for (std::size_t k = 0; k < batches.size(); ++k) {
    auto& classifier = classifiers.get(batches[k].size(), [&](std::int64_t size) {
      return std::make_unique<Classifier>(network, size);
    });
    right += classifier.count_right(data, batches[k]);
  }
  return static_cast<double>(right) / static_cast<double>(std::max<std::int64_t>(data.size(), 1));
}

/// One training: the network, its optimizer, and what is counted on the way.
class Training {
 public:
  Training(const FashionOptions& options, const nn::Dataset& data)
      : options_(options),
        data_(data),
        random_(options.seed),
        network_(make_network(random_)),
        adam_(options.learning_rate),
        batches_(data.size(), options.batch, random_.bits()) {}

  /// The mean loss over all examples, each at the time of its step.
  double run_epoch(int epoch, const std::string& title, Progress& progress) {
    const bool falling = epoch == options_.epochs && !options_.constant_rate;
    batches_.shuffle();
    double sum = 0, seen = 0;
    for (std::size_t k = 0; k < batches_.size(); ++k) {
      const Rows rows = batches_[k];
      if (falling) {  // Adam's steps do not shrink by themselves, and end anywhere near the minimum
        const double left = static_cast<double>(batches_.size() - k);
        adam_.set_learning_rate(options_.learning_rate * left /
                                static_cast<double>(batches_.size()));
      }
      sum += run_step(rows) * static_cast<double>(rows.size());
      seen += static_cast<double>(rows.size());
      progress.show(title, k + 1, batches_.size(), sum / seen);
    }
    return sum / std::max(seen, 1.0);
  }

  const nn::Module& network() const { return network_; }
  double allocations_per_step() const {
    return static_cast<double>(allocations_) /
           static_cast<double>(std::max<std::uint64_t>(1, counted_));
  }
  std::size_t arena_bytes() { return step_for(batches_[0].size()).arena_bytes(); }

 private:
  TrainingStep& step_for(std::size_t size) {
    return steps_.get(size, [&](std::int64_t batch) {
      return std::make_unique<TrainingStep>(network_, adam_, batch);
    });
  }

  double run_step(Rows rows) {
    const bool first = !steps_.has(rows.size());
    TrainingStep& step = step_for(rows.size());
    const std::uint64_t before = allocations();
    const double loss = step.run(data_, rows);
    if (!first) {
      allocations_ += allocations() - before;
      ++counted_;
    }
    return loss;
  }

  FashionOptions options_;
  const nn::Dataset& data_;
  nn::Random random_;
  nn::Sequential network_;
  nn::Adam adam_;
  nn::Batches batches_;
  PerBatchSize<TrainingStep> steps_;
  std::uint64_t allocations_ = 0, counted_ = 0;
};

}  // namespace

FashionSummary train_on_fashion(const FashionOptions& options, std::ostream& out, bool terminal) {
  const nn::FashionMnist data = nn::load_fashion_mnist(options.folder);
  Training training(options, data.train);
  Progress progress(out, terminal);
  FashionSummary summary;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    const std::string title =
        "epoch " + std::to_string(epoch) + "/" + std::to_string(options.epochs);
    const auto start = Clock::now();
    const double loss = training.run_epoch(epoch, title, progress);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    summary.accuracy = accuracy(training.network(), data.test);
    summary.seconds_an_epoch += seconds / options.epochs;
    char line[128];
    std::snprintf(line, sizeof line, "%s  loss %.4f  test accuracy %.4f  %.2f s", title.c_str(),
                  loss, summary.accuracy, seconds);
    progress.finish(line);
  }
  summary.allocations_per_step = training.allocations_per_step();
  summary.arena_bytes = training.arena_bytes();
  return summary;
}

}  // namespace tapewise::lessons
