#include <tapewise/nn/data.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <tapewise/autograd/error.hpp>
#include <tapewise/nn/idx.hpp>

namespace tapewise::nn {

namespace {

/// `name`.gz where it exists, else `name` unpacked.
std::string idx_path(const std::string& folder, const std::string& name) {
  const std::string plain = folder + "/" + name;
  std::string packed = plain + ".gz";
  for (const std::string& path : {packed, plain}) {
    if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
      std::fclose(file);
      return path;
    }
  }
  return packed;  // named by the error
}

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw IoError("[load_fashion_mnist] " + path + ": " + what);
}

Array read_images(const std::string& path) {
  Idx idx = read_idx(path);
  if (idx.type != IdxType::uint8 || idx.shape.rank() != 3 || idx.shape[1] != 28 ||
      idx.shape[2] != 28) {
    refuse(path, "holds " + std::string(name_of(idx.type)) + " " + to_string(idx.shape) +
                     ", images are uint8 (n,28,28)");
  }
  idx.shape = {idx.shape[0], FashionMnist::features};
  return idx.as_float32(1.0 / 255.0);
}

Array read_labels(const std::string& path, std::int64_t wanted) {
  const Idx idx = read_idx(path);
  if (idx.type != IdxType::uint8 || idx.shape != Shape{wanted}) {
    refuse(path, "holds " + std::string(name_of(idx.type)) + " " + to_string(idx.shape) +
                     ", the labels of " + std::to_string(wanted) + " images are uint8 " +
                     to_string(Shape{wanted}));
  }
  Array labels = idx.as_int64();
  const std::int64_t* classes = labels.as<std::int64_t>();
  for (std::int64_t i = 0; i < wanted; ++i) {
    if (classes[i] >= FashionMnist::classes) {
      refuse(path, "label " + std::to_string(classes[i]) + " at position " + std::to_string(i) +
                       ", classes are 0 to 9");
    }
  }
  return labels;
}

Dataset read_part(const std::string& folder, const std::string& part) {
  Array images = read_images(idx_path(folder, part + "-images-idx3-ubyte"));
  Array labels = read_labels(idx_path(folder, part + "-labels-idx1-ubyte"), images.type().shape[0]);
  return {std::move(images), std::move(labels)};
}

}  // namespace

FashionMnist load_fashion_mnist(const std::string& folder) {
  return {read_part(folder, "train"), read_part(folder, "t10k")};
}

Batches::Batches(std::int64_t examples, std::int64_t batch_size, std::uint64_t seed)
    : batch_size_(static_cast<std::size_t>(batch_size)), random_(seed) {
  if (batch_size < 1 || examples < 0) {
    throw DomainError("[batches] " + std::to_string(examples) + " examples in batches of " +
                      std::to_string(batch_size) + ": a batch has at least one");
  }
  order_.resize(static_cast<std::size_t>(examples));
  std::iota(order_.begin(), order_.end(), 0);
}

std::size_t Batches::size() const { return (order_.size() + batch_size_ - 1) / batch_size_; }

std::span<const std::int64_t> Batches::operator[](std::size_t k) const {
  if (k >= size()) {
    throw DomainError("[batches] there is no batch " + std::to_string(k) + ", only " +
                      std::to_string(size()));
  }
  const std::size_t begin = k * batch_size_;
  return std::span(order_).subspan(begin, std::min(batch_size_, order_.size() - begin));
}

void copy_rows(const Array& from, std::span<const std::int64_t> rows, Cell& to) {
  const Type& source = from.type();
  if (source.shape.is_scalar()) throw ShapeError("[copy_rows] a scalar has no rows");
  Type wanted = source;
  wanted.shape.set(0, static_cast<std::int64_t>(rows.size()));
  require_same_type(to.type(), wanted, "copy_rows");
  for (const std::int64_t row : rows) {
    if (row < 0 || row >= source.shape[0]) {
      throw DomainError("[copy_rows] there is no row " + std::to_string(row) + " in " +
                        to_string(source));
    }
  }
  if (rows.empty()) return;
  const std::size_t row_bytes = wanted.bytes() / rows.size();
  const auto* in = static_cast<const std::byte*>(from.data());
  auto* out = static_cast<std::byte*>(to.mutable_data());
  for (const std::int64_t row : rows) {
    std::memcpy(out, in + static_cast<std::size_t>(row) * row_bytes, row_bytes);
    out += row_bytes;
  }
}

}  // namespace tapewise::nn
