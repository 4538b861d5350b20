#pragma once
#include <tapewise/ops/shape.hpp>

namespace tapewise {

/// Elements to be added before and after an axis.
struct Padding {
  std::int64_t before = 0, after = 0;
};

/// What stands in the added places when it is taken from the array itself.
enum class PadMode {
  edge,     ///< the first or last element: c | a b c | c
  reflect,  ///< the mirror image, the edge not repeated: c b | a b c | b a
  wrap,     ///< the other end: c | a b c | a
};

/// One `Padding` for each axis, the first axis first. Plain data, so that an attribute can hold it.
class Paddings {
 public:
  constexpr Paddings() = default;
  constexpr Paddings(std::initializer_list<Padding> axes)
      : Paddings(std::span(axes.begin(), axes.size())) {}
  constexpr explicit Paddings(std::span<const Padding> axes) : count_(axes.size()) {
    std::copy_n(axes.begin(), std::min(axes.size(), Shape::max_rank), axes_.begin());
  }

  constexpr std::size_t count() const { return count_; }
  constexpr const Padding& operator[](std::size_t axis) const { return axes_[axis]; }
  /// "((1,2),(0,0))"
  std::string text() const;

 private:
  std::array<Padding, Shape::max_rank> axes_{};
  std::uint64_t count_ = 0;
};

namespace ops {

struct Pad : Structured {
  static constexpr Text source = array_source;
  static constexpr Text name = "pad", formula = "x with a border of one number",
                        domain = "widths ≥ 0",
                        signature = "pad(x, {{before, after}, ...}, value=0)",
                        derivative = "x̄ = the part of ḡ where x stands",
                        peers =
                            "torch.nn.functional.pad (last axis first), "
                            "jax.numpy.pad, tf.pad";
  static constexpr DTypes dtypes = every_dtype;
  static constexpr int arity = 1;
  struct Attribute {
    Paddings widths;
    double value;
  };
  struct Params {
    kernels::StridedCopy copy;  // first: it is the strided copy's own parameter
    std::int64_t size;
    double value;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest&) { return 0; }
  static Var batch(const Batched& b);
  static std::string attribute_text(const void* attribute);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// Written in `take`, axis by axis.
struct PadWithOwn : Composite {
  static constexpr Text source = array_source;
  static constexpr Text name = "pad_mode", formula = "x with a border of its own elements",
                        domain = "widths ≥ 0; for reflect, less than the axis's size",
                        signature = "pad(x, {{before, after}, ...}, PadMode)",
                        derivative = "x̄ = Σ ḡ over the places that show the element",
                        peers =
                            "torch.nn.functional.pad(mode), jax.numpy.pad(mode), "
                            "tf.pad(mode)";
  static constexpr DTypes dtypes = every_dtype;
  static std::vector<Example> examples();
};

}  // namespace ops

/// x with a border of one number: `pad(x, {{1, 2}, {0, 0}})` adds a row before and two after. One
/// pair for each axis, the first axis first. The gradient of the border is dropped. Throws
/// ShapeError for a negative width or another number of pairs (`slice` cuts), TypeError for a value
/// that x's dtype does not have.
Var pad(const Operand& x, const Paddings& widths, double value = 0.0);
/// x with a border of its own elements, in order of the axes. Throws ShapeError as above, and when
/// an axis has too few elements to make a border of.
Var pad(const Operand& x, const Paddings& widths, PadMode mode);

using PadOps = OpList<ops::Pad, ops::PadWithOwn>;
std::span<const OpRecord> records_of(PadOps);

}  // namespace tapewise
