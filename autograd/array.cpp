#include <tapewise/autograd/array.hpp>

#include <sys/mman.h>

#include <cmath>
#include <new>
#include <tapewise/autograd/error.hpp>
#include <tapewise/autograd/huge_pages.hpp>
#include <tapewise/autograd/text.hpp>

namespace tapewise {

namespace {
constexpr std::size_t page = 4096, huge_page = 2U << 20U;
constexpr std::size_t large = 16 * page;
}  // namespace

void advise_huge_pages(void* data, std::size_t bytes) {
  if (bytes < 2 * huge_page) return;
  const auto begin = (reinterpret_cast<std::uintptr_t>(data) + page - 1) / page * page,
             end = (reinterpret_cast<std::uintptr_t>(data) + bytes) / page * page;
  (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

Buffer::Buffer(std::size_t bytes) : bytes_(bytes) {
  // Large arrays begin at different places of a page each: equal ones would compete for the same
  // sets of the cache when they are walked through side by side. The largest get huge pages.
  const bool is_large = bytes >= large, is_huge = bytes >= 2 * huge_page;
  const std::size_t wanted = std::max<std::size_t>(bytes, 1) + (is_large ? page : 0);
  const std::align_val_t align{is_huge ? huge_page : alignment};
  auto* base = static_cast<std::byte*>(::operator new(wanted, align));
  if (is_huge) advise_huge_pages(base, wanted);
  const auto address = reinterpret_cast<std::uintptr_t>(base);
  const std::size_t line = (address / page + address / huge_page) * 11 % (page / alignment);
  const std::size_t offset = is_large ? line * alignment : 0;
  data_ = std::unique_ptr<std::byte[], Free>(base + offset, Free{base, align});
}

bool is_addressable(const Type& type) {
  constexpr double limit = 140737488355328.0;  // 2^47: what x86-64 can address
  double bytes = static_cast<double>(size_of(type.dtype));
  for (const std::int64_t size : type.shape) bytes *= static_cast<double>(size);
  return bytes < limit;
}

double number_at(DType dtype, const void* data, std::int64_t i) {
  return with_type(dtype, [&](auto t) -> double {
    using T = decltype(t);
    if constexpr (std::is_same_v<T, Complex>) {
      return static_cast<const T*>(data)[i].re;
    } else {
      return static_cast<double>(static_cast<const T*>(data)[i]);
    }
  });
}

ArrayView number_as(const ArrayView& number, DType dtype, const char* who) {
  if (number.type().dtype == dtype) return number;
  const double value = number_at(number.type().dtype, number.data(), 0);
  const auto refuse = [&] {
    return TypeError("[" + std::string(who) + "] the number " + to_text(value) +
                     " does not fit into " + std::string(name_of(dtype)) +
                     ": write a number of that type, or `cast` the other operand");
  };
  switch (dtype) {
    case DType::float64: return ArrayView(value);
    case DType::float32: return ArrayView(static_cast<float>(value));
    case DType::int64:
      if (!(std::abs(value) < 9.2e18) || value != std::floor(value)) throw refuse();
      return ArrayView(static_cast<std::int64_t>(value));
    default:
      if (value != 0.0 && value != 1.0) throw refuse();
      return ArrayView(value == 1.0);
  }
}

Array::Array(const Type& type) : type_(type) {
  if (!is_addressable(type)) {
    throw ShapeError("[array] " + to_string(type) + " is larger than memory can be");
  }
  buffer_ = Buffer(type.bytes());
}

}  // namespace tapewise
