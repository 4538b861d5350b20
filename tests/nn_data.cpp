#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <tapewise/autograd/error.hpp>
#include <tapewise/nn/data.hpp>
#include <tapewise/nn/init.hpp>
#include <vector>

namespace fs = std::filesystem;
namespace tw = tapewise;
namespace nn = tapewise::nn;

namespace {

std::vector<std::int64_t> epoch(const nn::Batches& batches) {
  std::vector<std::int64_t> all;
  for (std::size_t k = 0; k < batches.size(); ++k) {
    all.insert(all.end(), batches[k].begin(), batches[k].end());
  }
  return all;
}

std::vector<std::int64_t> counting(std::size_t n) {
  std::vector<std::int64_t> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

tw::Array counting_array(const tw::Shape& shape) {
  tw::Array array({tw::DType::int64, shape});
  std::iota(array.as<std::int64_t>(), array.as<std::int64_t>() + shape.size(), 0);
  return array;
}

std::string big_endian(std::int64_t size) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text.push_back(static_cast<char>(size >> shift));
  return text;
}

/// A folder with the four files of a tiny data set: 3 images to train on, 2 to test.
class TinyFashion {
 public:
  TinyFashion() {
    std::string name = (fs::temp_directory_path() / "tapewise_data_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
    write_images("train", 3);
    write_images("t10k", 2);
    write_labels("train", {1, 0, 9});
    write_labels("t10k", {4, 5});
  }
  ~TinyFashion() { fs::remove_all(path); }
  TinyFashion(const TinyFashion&) = delete;
  TinyFashion& operator=(const TinyFashion&) = delete;

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path + "/" + name, std::ios::binary) << content;
  }
  void write_images(const std::string& part, std::int64_t n, std::int64_t width = 28) const {
    std::string pixels(static_cast<std::size_t>(n * 28 * width), '\0');
    pixels.back() = '\xFF';
    write(part + "-images-idx3-ubyte", std::string("\0\0\x08\x03", 4) + big_endian(n) +
                                           big_endian(28) + big_endian(width) + pixels);
  }
  void write_labels(const std::string& part, const std::vector<char>& labels) const {
    write(part + "-labels-idx1-ubyte", std::string("\0\0\x08\x01", 4) +
                                           big_endian(static_cast<std::int64_t>(labels.size())) +
                                           std::string(labels.begin(), labels.end()));
  }

  std::string path;
};

}  // namespace

TEST_CASE("batches cut an epoch into pieces, the last one smaller") {
  const nn::Batches batches(60000, 128, 0);
  REQUIRE(batches.size() == 469);
  for (std::size_t k = 0; k < 468; ++k) REQUIRE(batches[k].size() == 128);
  CHECK(batches[468].size() == 96);
  CHECK(epoch(batches) == counting(60000));
  CHECK_THROWS_AS(batches[469], tw::DomainError);
}

TEST_CASE("batches that divide evenly, that are larger than the data, and none") {
  CHECK(nn::Batches(12, 4, 0).size() == 3);
  const nn::Batches large(3, 8, 0);
  REQUIRE(large.size() == 1);
  CHECK(large[0].size() == 3);
  CHECK(nn::Batches(0, 8, 0).size() == 0);
  CHECK_THROWS_AS(nn::Batches(3, 0, 0), tw::DomainError);
  CHECK_THROWS_AS(nn::Batches(3, -1, 0), tw::DomainError);
  CHECK_THROWS_AS(nn::Batches(-1, 8, 0), tw::DomainError);
}

TEST_CASE("a shuffle is a permutation that depends on the seed only") {
  nn::Batches a(1000, 7, 5), again(1000, 7, 5), other(1000, 7, 6);
  a.shuffle();
  again.shuffle();
  other.shuffle();
  const auto first = epoch(a);
  CHECK(first == epoch(again));
  CHECK(first != epoch(other));
  CHECK(first != counting(1000));
  a.shuffle();
  CHECK(epoch(a) != first);

  auto sorted = epoch(a);
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == counting(1000));
}

TEST_CASE("every order of three is equally likely") {
  nn::Batches batches(3, 3, 1);
  std::vector<int> count(27);
  for (int i = 0; i < 60000; ++i) {
    batches.shuffle();
    const auto order = batches[0];
    ++count[static_cast<std::size_t>(9 * order[0] + 3 * order[1] + order[2])];
  }
  for (const int c : count) CHECK((c == 0 || std::abs(c - 10000) < 500));
  CHECK(std::count_if(count.begin(), count.end(), [](int c) { return c > 0; }) == 6);
}

TEST_CASE("rows are copied into a cell") {
  const tw::Array from = counting_array({5, 3});
  const tw::CellPtr to = nn::make_zeros({tw::DType::int64, {2, 3}});
  const std::int64_t rows[] = {4, 1};
  const auto ticks = to->clock()->ticks();
  nn::copy_rows(from, rows, *to);
  const auto* copied = static_cast<const std::int64_t*>(to->data());
  CHECK(std::vector<std::int64_t>(copied, copied + 6) ==
        std::vector<std::int64_t>{12, 13, 14, 3, 4, 5});
  CHECK(to->clock()->ticks() > ticks);  // values computed from the cell are stale

  const tw::CellPtr label = nn::make_zeros({tw::DType::int64, {2}});
  nn::copy_rows(counting_array({5}), rows, *label);
  CHECK(static_cast<const std::int64_t*>(label->data())[0] == 4);

  const tw::CellPtr none = nn::make_zeros({tw::DType::int64, {0, 3}});
  nn::copy_rows(from, {}, *none);
}

TEST_CASE("rows that do not fit are refused, and the cell is unchanged") {
  const tw::Array from = counting_array({5, 3});
  const tw::CellPtr to = nn::make_zeros({tw::DType::int64, {2, 3}});
  const tw::CellPtr floats = nn::make_zeros({tw::DType::float32, {2, 3}});
  const std::int64_t three[] = {0, 1, 2}, high[] = {0, 5}, low[] = {0, -1}, two[] = {0, 1};
  CHECK_THROWS_AS(nn::copy_rows(from, three, *to), tw::ShapeError);
  CHECK_THROWS_AS(nn::copy_rows(from, two, *floats), tw::TypeError);
  CHECK_THROWS_AS(nn::copy_rows(counting_array({}), two, *to), tw::ShapeError);
  CHECK_THROWS_WITH_AS(nn::copy_rows(from, high, *to),
                       "[copy_rows] there is no row 5 in int64 (5,3)", tw::DomainError);
  CHECK_THROWS_AS(nn::copy_rows(from, low, *to), tw::DomainError);
  CHECK(static_cast<const std::int64_t*>(to->data())[1] == 0);
}

TEST_CASE("images and labels are read from a folder") {
  const TinyFashion files;
  const nn::FashionMnist data = nn::load_fashion_mnist(files.path);
  CHECK(data.train.size() == 3);
  CHECK(data.train.images.type() == tw::Type{tw::DType::float32, {3, 784}});
  CHECK(data.train.images.as<float>()[0] == 0.0F);
  CHECK(data.train.images.as<float>()[3 * 784 - 1] == 1.0F);
  CHECK(data.test.labels.type() == tw::Type{tw::DType::int64, {2}});
  CHECK(data.test.labels.as<std::int64_t>()[1] == 5);
}

TEST_CASE("files that are missing or do not fit together are refused") {
  const TinyFashion files;
  const auto load = [&] { nn::load_fashion_mnist(files.path); };
  SUBCASE("missing") {
    fs::remove(files.path + "/t10k-labels-idx1-ubyte");
    CHECK_THROWS_WITH_AS(load(), doctest::Contains("t10k-labels-idx1-ubyte.gz: cannot be opened"),
                         tw::IoError);
  }
  SUBCASE("other numbers of images and labels") {
    files.write_labels("train", {1, 2});
    CHECK_THROWS_WITH_AS(load(), doctest::Contains("labels of 3 images are uint8 (3,)"),
                         tw::IoError);
  }
  SUBCASE("no such class") {
    files.write_labels("train", {1, 10, 2});
    CHECK_THROWS_WITH_AS(load(), doctest::Contains("label 10 at position 1"), tw::IoError);
  }
  SUBCASE("images of another size") {
    files.write_images("t10k", 2, 27);
    CHECK_THROWS_WITH_AS(load(), doctest::Contains("uint8 (2,28,27), images are uint8 (n,28,28)"),
                         tw::IoError);
  }
}
