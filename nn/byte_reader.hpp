#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace tapewise::nn {

/// Reads a file front to back; a gzip file (RFC 1952, also of several members) as what it holds.
class ByteReader {
 public:
  /// Throws IoError when the file cannot be opened. `who` is named in errors: "[read_idx] a.gz:
  /// ...".
  ByteReader(const std::string& path, const char* who);
  ~ByteReader();

  /// The next bytes; fewer than asked for, at the end only. Throws IoError when the file cannot be
  /// read, and for a gzip file that is cut off, has a wrong checksum or anything after its end.
  std::size_t read(std::span<std::byte> to);

  /// Throws the IoError "[who] path: what".
  [[noreturn]] void fail(const std::string& what) const;

 private:
  struct State;  // keeps zlib.h out of here

  std::size_t read_plain(std::span<std::byte> to);
  std::size_t inflate_some(std::span<std::byte> to);
  bool refill();
  void begin_member();

  std::string path_;
  std::string who_;
  std::unique_ptr<State> state_;
};

}  // namespace tapewise::nn
