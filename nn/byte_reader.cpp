#include <tapewise/nn/byte_reader.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <tapewise/autograd/error.hpp>

namespace tapewise::nn {

struct ByteReader::State {
  struct Close {
    void operator()(std::FILE* open) const { std::fclose(open); }
  };

  ~State() {
    if (inflating) inflateEnd(&stream);
  }
  /// The bytes of the file that were read and are not used yet.
  std::span<const Bytef> rest() const { return {stream.next_in, stream.avail_in}; }

  std::unique_ptr<std::FILE, Close> file;
  std::array<Bytef, 1U << 16U> buffer;
  z_stream stream{};
  bool inflating = false;  // the stream is set up, and has to be given back
  bool gzip = false;
  bool ended = false;
};

ByteReader::ByteReader(const std::string& path, const char* who)
    : path_(path), who_(who), state_(std::make_unique<State>()) {
  state_->file.reset(std::fopen(path.c_str(), "rb"));
  if (!state_->file) fail(std::string("cannot be opened: ") + std::strerror(errno));
  refill();
  const auto start = state_->rest();
  state_->gzip = start.size() >= 2 && start[0] == 0x1F && start[1] == 0x8B;
  if (state_->gzip) begin_member();
}

ByteReader::~ByteReader() = default;

void ByteReader::fail(const std::string& what) const {
  throw IoError("[" + who_ + "] " + path_ + ": " + what);
}

std::size_t ByteReader::read(std::span<std::byte> to) {
  std::size_t done = 0;
  while (done < to.size() && !state_->ended) {
    const auto wanted = to.subspan(done);
    done += state_->gzip ? inflate_some(wanted) : read_plain(wanted);
  }
  return done;
}

/// Fills the empty buffer; false at the end of the file.
bool ByteReader::refill() {
  State& s = *state_;
  const std::size_t n = std::fread(s.buffer.data(), 1, s.buffer.size(), s.file.get());
  if (n == 0 && std::ferror(s.file.get()) != 0) {
    fail(std::string("cannot be read: ") + std::strerror(errno));
  }
  s.stream.next_in = s.buffer.data();
  s.stream.avail_in = static_cast<uInt>(n);
  return n > 0;
}

std::size_t ByteReader::read_plain(std::span<std::byte> to) {
  z_stream& stream = state_->stream;
  if (stream.avail_in == 0 && !refill()) {
    state_->ended = true;
    return 0;
  }
  const std::size_t n = std::min<std::size_t>(to.size(), stream.avail_in);
  std::memcpy(to.data(), stream.next_in, n);
  stream.next_in += n;
  stream.avail_in -= static_cast<uInt>(n);
  return n;
}

void ByteReader::begin_member() {
  State& s = *state_;
  constexpr int gzip_only = 15 + 16;
  const int status = s.inflating ? inflateReset(&s.stream) : inflateInit2(&s.stream, gzip_only);
  if (status != Z_OK) fail("zlib cannot start: " + std::to_string(status));
  s.inflating = true;
}

std::size_t ByteReader::inflate_some(std::span<std::byte> to) {
  z_stream& stream = state_->stream;
  if (stream.avail_in == 0 && !refill()) {
    fail("the gzip data is cut off: the file ends inside it");
  }
  const std::size_t room = std::min<std::size_t>(to.size(), 1U << 30U);  // zlib counts in uInt
  stream.next_out = reinterpret_cast<Bytef*>(to.data());
  stream.avail_out = static_cast<uInt>(room);
  const int status = inflate(&stream, Z_NO_FLUSH);
  if (status == Z_STREAM_END) {
    if (stream.avail_in == 0 && !refill()) {
      state_->ended = true;
    } else if (*stream.next_in == 0x1F) {
      begin_member();
    } else {
      fail("something follows after the end of the gzip data");
    }
  } else if (status != Z_OK && status != Z_BUF_ERROR) {  // Z_BUF_ERROR: needs more input
    fail(std::string("the gzip data is damaged: ") +
         (stream.msg != nullptr ? stream.msg : std::to_string(status).c_str()));
  }
  return room - stream.avail_out;
}

}  // namespace tapewise::nn
