#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <tapewise/autograd/cell.hpp>
#include <tapewise/nn/random.hpp>
#include <vector>

namespace tapewise::nn {

/// Examples with their classes.
struct Dataset {
  Array images;  ///< float32 (n, features), every value in [0, 1]
  Array labels;  ///< int64 (n,), the class of each row

  std::int64_t size() const { return labels.type().size(); }
};

/// Fashion-MNIST: 28x28 grey images of clothes in ten classes, 60000 to train on and 10000 to test.
/// Source: Xiao, Rasul & Vollgraf 2017, "Fashion-MNIST: a novel image dataset".
struct FashionMnist {
  static constexpr std::int64_t features = 784;
  static constexpr std::int64_t classes = 10;

  Dataset train, test;
};

/// Reads the four IDX files (`train-images-idx3-ubyte.gz`, ...), gzip or plain, from a folder; of
/// MNIST too, which has the same form. Debian's package dataset-fashion-mnist installs the default.
/// Throws IoError for files that are missing or damaged or do not fit together.
FashionMnist load_fashion_mnist(const std::string& folder = "/usr/share/datasets/fashion-mnist");

/// The mini-batches of an epoch: the numbers 0 .. examples - 1 in random order, cut into pieces of
/// `batch_size`; the last piece is smaller when the division leaves a rest.
class Batches {
 public:
  /// In the order of the examples until the first `shuffle`.
  /// Throws DomainError unless `batch_size` is positive and `examples` is not negative.
  Batches(std::int64_t examples, std::int64_t batch_size, std::uint64_t seed);

  /// A new order, for the next epoch; the orders depend on the seed only. Does not allocate.
  void shuffle() { random_.shuffle(order_); }
  /// How many batches an epoch has, and the rows of the one at position `k`.
  std::size_t size() const;
  std::span<const std::int64_t> operator[](std::size_t k) const;

 private:
  std::vector<std::int64_t> order_;
  std::size_t batch_size_;
  Random random_;
};

/// Copies the given rows (positions along the first axis) of an array into a cell, without
/// allocating. Throws TypeError or ShapeError unless the cell is of the array's dtype and of the
/// shape (rows, ...the array's other axes), DomainError for a row that does not exist; the cell is
/// unchanged then.
void copy_rows(const Array& from, std::span<const std::int64_t> rows, Cell& to);

}  // namespace tapewise::nn
