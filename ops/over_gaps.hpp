#pragma once
#include <tapewise/ops/matrices.hpp>

namespace tapewise {

namespace ops {

/// How the derivatives of eigenvectors and singular vectors divide.
struct OverGaps : Structured {
  static constexpr Text name = "over_gaps", formula = "M_ij / (b_j - a_i)",
                        domain = "M_ij = 0 where b_j = a_i",
                        signature = "over_gaps(m, a, b, skip_diagonal=false)",
                        derivative = "M̄ = Y of G, b̄ = -Σ_i Y of G∘Y, ā = Σ_j Y of G∘Y";
  static constexpr Text source = "Magnus 1985, On differentiating eigenvalues and eigenvectors";
  static constexpr int arity = 3;
  static constexpr bool may_throw = true;
  struct Attribute {
    std::uint64_t skip_diagonal;
  };
  struct Params {
    Shape batch;
    std::int64_t batches, m, n;
    bool skip_diagonal;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

}  // namespace ops

/// M_ij / (b_j - a_i), for m (..., r, c), a (..., r) and b (..., c); optionally 0 on the diagonal.
/// Where b_j and a_i are equal (closer than max(r, c)·eps times the largest of them) the result is
/// 0 for M_ij = 0, else DomainError.
inline Var over_gaps(const Operand& m, const Operand& a, const Operand& b,
                     bool skip_diagonal = false) {
  return record<ops::OverGaps>({m, a, b}, {skip_diagonal ? 1U : 0U});
}

using GapOps = OpList<ops::OverGaps>;
std::span<const OpRecord> records_of(GapOps);

}  // namespace tapewise
