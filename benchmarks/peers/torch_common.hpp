#pragma once
#include <malloc.h>
#include <torch/torch.h>

#include <memory>
#include <vector>

#include "../harness.hpp"

// What the libtorch peers share.

namespace bench::libtorch {

/// As many threads as are measured, and an allocator that keeps its memory: with the default one,
/// large tensors come from fresh pages in every run, which makes libtorch up to 1.6 times slower.
inline void prepare() {
  static const bool done = [] {
    at::set_num_threads(threads());
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
    return true;
  }();
  (void)done;
}

template <class T>
at::Tensor tensor(const T* x, at::IntArrayRef shape) {
  return torch::from_blob(const_cast<T*>(x), shape, c10::CppTypeToScalarType<T>::value).clone();
}
template <class T>
at::Tensor leaf(const T* x, at::IntArrayRef shape) {
  return tensor(x, shape).requires_grad_();
}

/// Appends the first `count` elements of t, or all of them.
inline void append(std::vector<double>& numbers, const at::Tensor& t, std::int64_t count = -1) {
  at::Tensor flat = t.detach().reshape({-1});
  if (count >= 0) flat = flat.slice(0, 0, count);
  flat = flat.to(torch::kFloat64).contiguous();
  numbers.insert(numbers.end(), flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
}

/// Registers a peer whose state `Work(data)` has `run()` and `result()`.
template <class Work, class Data>
PeerFactory peer() {
  return [](const void* data) -> Contender {
    prepare();
    auto work = std::make_shared<Work>(static_cast<const Data*>(data));
    return {"libtorch", [work] { work->run(); }, [work] { return work->result(); }};
  };
}

}  // namespace bench::libtorch
