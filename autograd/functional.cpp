#include <tapewise/autograd/functional.hpp>

namespace tapewise {

Var push_forward(const Var& y, const Var& x, const Operand& v) {
  Array zeros(y.type());
  std::memset(zeros.data(), 0, zeros.type().bytes());
  Tape& tape = y.tape();
  Tape::Transaction transaction(tape);
  const Var u = tape.input(zeros);
  const Var wanted_x[] = {x}, wanted_u[] = {u};
  const Var pulled_back = backward(y, wanted_x, Cotangent(u))[x];
  const Var pushed = backward(pulled_back, wanted_u, Cotangent(v))[u];
  transaction.keep();
  return pushed;
}

}  // namespace tapewise
