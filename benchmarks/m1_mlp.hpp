#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench::m1 {

inline constexpr std::size_t layers = 3;
inline constexpr std::int64_t sizes[] = {784, 256, 128, 10};
inline constexpr double learning_rate = 0.01;
/// So small that thousands of steps on one batch leave the net as it is: a net that has learned the
/// batch by heart has gradients near zero, which are slow to compute with.
inline constexpr double adam_rate = 1e-5;

/// Images, labels, and where all contenders start; w[l] is in x out, row-major.
struct Data {
  std::int64_t batch;
  std::vector<float> x, w[layers], b[layers];
  std::vector<std::int64_t> labels;
};
Data make_data(std::int64_t batch);

/// What contenders are compared by after their first step: the loss, and how far weights have
/// moved, in units that make both about 1.
class Numbers {
 public:
  Numbers(const Data& start, double loss, bool with_adam)
      : start_(start), scale_(with_adam ? 1 / adam_rate : 100 / learning_rate), list_{loss} {}
  /// The first weights of layer l, in x out.
  void add(const float* w, std::size_t l) {
    for (std::size_t i = 0; i < 1000; ++i) {
      list_.push_back(scale_ * (static_cast<double>(w[i]) - static_cast<double>(start_.w[l][i])));
    }
  }
  const std::vector<double>& list() const { return list_; }

 private:
  const Data& start_;
  double scale_;
  std::vector<double> list_;
};

/// The step by hand, with stochastic gradient descent or Adam.
class Hand {
 public:
  Hand(Data d, bool with_adam);
  /// The eight products of a step and nothing else.
  void products();
  void step();
  std::vector<double> result(const Data& start) const;

 private:
  const float* input_of(std::size_t l) const;
  void forward_product(std::size_t l);
  void backward_products(std::size_t l);
  void cross_entropy();
  void update(std::size_t l);

  Data data_;
  std::vector<float> h_[layers], g_[layers], dw_[layers], db_[layers];
  bool with_adam_;
  std::vector<float> m_[2 * layers], v_[2 * layers];
  float step_size_ = 0, epsilon_ = 0;
  double steps_ = 0, loss_ = 0;
};

}  // namespace bench::m1
