#include <doctest/doctest.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <string>
#include <tapewise/autograd/error.hpp>
#include <tapewise/nn/idx.hpp>

namespace fs = std::filesystem;
namespace tw = tapewise;
namespace nn = tapewise::nn;

namespace {

/// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "tapewise_idx_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& content) const {
    std::string file = (path_ / "file").string();
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int v : values) text.push_back(static_cast<char>(v));
  return text;
}

std::string gzip(const std::string& content) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// uint8 (2,3) with the elements 1 to 6.
const std::string small = bytes({0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6});

/// The message with which reading this content fails, without the path.
std::string error_of(const std::string& content) {
  const Folder folder;
  const std::string path = folder.write(content);
  try {
    nn::read_idx(path);
  } catch (const tw::IoError& error) {
    const std::string text = error.what(), start = "[read_idx] " + path + ": ";
    REQUIRE(text.starts_with(start));
    return text.substr(start.size());
  }
  return "no error";
}

nn::Idx read(const std::string& content) {
  const Folder folder;
  return nn::read_idx(folder.write(content));
}

}  // namespace

TEST_CASE("a file is read, plain, as gzip, and as gzip of several members") {
  for (const std::string& content :
       {small, gzip(small), gzip(small.substr(0, 7)) + gzip(small.substr(7)),
        gzip(small) + gzip("")}) {
    const nn::Idx idx = read(content);
    CHECK(idx.type == nn::IdxType::uint8);
    CHECK(idx.shape == tw::Shape{2, 3});
    const tw::Array whole = idx.as_int64();
    CHECK(whole.type() == tw::Type{tw::DType::int64, {2, 3}});
    const tw::Array scaled = idx.as_float32(0.5);
    CHECK(scaled.type() == tw::Type{tw::DType::float32, {2, 3}});
    for (int i = 0; i < 6; ++i) {
      CHECK(whole.as<std::int64_t>()[i] == i + 1);
      CHECK(scaled.as<float>()[i] == 0.5F * static_cast<float>(i + 1));
    }
  }
}

TEST_CASE("every type is read, big-endian and with its sign") {
  const auto first = [](int code, std::initializer_list<int> element) {
    return read(bytes({0, 0, code, 1, 0, 0, 0, 1}) + bytes(element)).as_float32().as<float>()[0];
  };
  CHECK(first(0x08, {0xFE}) == 254);
  CHECK(first(0x09, {0xFE}) == -2);
  CHECK(first(0x0B, {0xFF, 0xFE}) == -2);
  CHECK(first(0x0B, {0x01, 0x02}) == 258);
  CHECK(first(0x0C, {0xFF, 0xFF, 0xFF, 0xFE}) == -2);
  CHECK(first(0x0D, {0xC0, 0x20, 0, 0}) == -2.5F);
  CHECK(first(0x0E, {0xC0, 0x04, 0, 0, 0, 0, 0, 0}) == -2.5F);
  CHECK(std::isnan(first(0x0D, {0x7F, 0xC0, 0, 0})));
}

TEST_CASE("labels are whole numbers") {
  const nn::Idx idx = read(bytes({0, 0, 0x0C, 1, 0, 0, 0, 1, 0x80, 0, 0, 0}));
  CHECK(idx.as_int64().as<std::int64_t>()[0] == std::numeric_limits<std::int32_t>::min());
  CHECK_THROWS_WITH_AS(read(bytes({0, 0, 0x0D, 1, 0, 0, 0, 0})).as_int64(),
                       doctest::Contains("holds float32"), tw::TypeError);
}

TEST_CASE("a scalar and empty arrays are arrays") {
  CHECK(read(bytes({0, 0, 8, 0, 7})).shape == tw::Shape{});
  CHECK(read(bytes({0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 5})).shape == tw::Shape{0, 5});
  CHECK(read(bytes({0, 0, 8, 1, 0, 0, 0, 0})).as_float32().type().size() == 0);
}

TEST_CASE("an array of more than one piece is read") {
  std::string large = bytes({0, 0, 8, 1, 0, 0x40, 0, 1});  // 2^22 + 1: the buffer grows thrice
  for (int i = 0; i < (1 << 22) + 1; ++i) large.push_back(static_cast<char>(i % 251));
  for (const std::string& content : {large, gzip(large)}) {
    const nn::Idx idx = read(content);
    REQUIRE(idx.bytes.size() == (1U << 22U) + 1);
    CHECK(std::to_integer<int>(idx.bytes.back()) == (1 << 22) % 251);
  }
}

TEST_CASE("a file that is not there") {
  const Folder folder;
  CHECK_THROWS_WITH_AS(nn::read_idx(folder.path() + "/none.gz"),
                       doctest::Contains("none.gz: cannot be opened: No such file"), tw::IoError);
}

TEST_CASE("a folder") {
  const Folder folder;
  CHECK_THROWS_WITH_AS(nn::read_idx(folder.path()), doctest::Contains("cannot be read: Is a dir"),
                       tw::IoError);
}

TEST_CASE("an empty file") { CHECK(error_of("") == "the header is cut off: 0 of 4 bytes"); }

TEST_CASE("a header cut off in its first bytes") {
  CHECK(error_of(small.substr(0, 3)) == "the header is cut off: 3 of 4 bytes");
}

TEST_CASE("a header cut off in its sizes") {
  CHECK(error_of(small.substr(0, 9)) == "the header is cut off: 9 of 12 bytes");
}

TEST_CASE("data cut off") {
  const std::string wanted = "the data is cut off: 5 of 6 bytes for uint8 (2,3)";
  CHECK(error_of(small.substr(0, 17)) == wanted);
  CHECK(error_of(gzip(small.substr(0, 17))) == wanted);
}

TEST_CASE("no data at all") {
  CHECK(error_of(small.substr(0, 12)) == "the data is cut off: 0 of 6 bytes for uint8 (2,3)");
}

TEST_CASE("bad magic") {
  CHECK(error_of("\x89PNG....") == "not an IDX file: it begins with 89 50, an IDX file with 00 00");
}

TEST_CASE("a wrong type code") {
  CHECK(error_of(bytes({0, 0, 0x0A, 1, 0, 0, 0, 0})) ==
        "unknown type code 0A: 08, 09, 0B, 0C, 0D or 0E is wanted");
}

TEST_CASE("too many axes") {
  CHECK(error_of(bytes({0, 0, 8, 9})) == "an array of 9 axes, at most 8 are possible");
  CHECK(error_of(bytes({0, 0, 8, 255})) == "an array of 255 axes, at most 8 are possible");
}

TEST_CASE("sizes whose product overflows") {
  const std::string huge = "the header asks for an array that is larger than memory can be";
  std::string content = bytes({0, 0, 0x0E, 8});
  for (int i = 0; i < 8; ++i) content += bytes({0xFF, 0xFF, 0xFF, 0xFF});
  CHECK(error_of(content) == huge);
  // 2^32 · 2^32 wraps around to 0 in 64 bits, and to a small number with a further factor.
  content = bytes({0, 0, 8, 4, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1});
  CHECK(error_of(content) == huge);
  // Also beside a size of 0, where the number of bytes would be right.
  content = bytes({0, 0, 8, 4, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0});
  CHECK(error_of(content) == huge);
}

TEST_CASE("a header that promises far more than the file holds allocates little") {
  // 2^46 bytes: would fail as one allocation.
  const std::string content = bytes({0, 0, 8, 2, 0, 0x80, 0, 0, 0, 0x80, 0, 0, 1, 2, 3});
  CHECK(error_of(content) ==
        "the data is cut off: 3 of 70368744177664 bytes for uint8 (8388608,8388608)");
}

TEST_CASE("something after the data") {
  const std::string wanted = "something follows after the 6 bytes of uint8 (2,3)";
  CHECK(error_of(small + "x") == wanted);
  CHECK(error_of(gzip(small + "x")) == wanted);
}

TEST_CASE("something after the gzip data") {
  CHECK(error_of(gzip(small) + "x") == "something follows after the end of the gzip data");
}

TEST_CASE("a wrong gzip checksum") {
  std::string packed = gzip(small);
  packed[packed.size() - 8] ^= 1;
  CHECK(error_of(packed) == "the gzip data is damaged: incorrect data check");
}

TEST_CASE("a wrong gzip length") {
  std::string packed = gzip(small);
  packed[packed.size() - 4] ^= 1;
  CHECK(error_of(packed) == "the gzip data is damaged: incorrect length check");
}

TEST_CASE("a gzip file cut off anywhere is an error") {
  const std::string packed = gzip(small);
  for (std::size_t n = 2; n < packed.size(); ++n) {
    CAPTURE(n);
    CHECK(error_of(packed.substr(0, n)) == "the gzip data is cut off: the file ends inside it");
  }
}

TEST_CASE("a gzip file with any bit flipped is an error or still the same array") {
  const std::string packed = gzip(small);
  for (std::size_t bit = 0; bit < 8 * packed.size(); ++bit) {
    CAPTURE(bit);
    std::string damaged = packed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    try {
      const nn::Idx idx = read(damaged);  // the header's time and system fields do not matter
      CHECK(idx.shape == tw::Shape{2, 3});
      CHECK(std::to_integer<int>(idx.bytes[5]) == 6);
    } catch (const tw::IoError&) {
    }
  }
}
