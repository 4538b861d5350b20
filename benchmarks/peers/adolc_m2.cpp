// ADOL-C: records with `trace_on`, replays its tape with `zos_forward` and `fos_reverse`.
#include <adolc/adolc.h>

#include <memory>

#include "../harness.hpp"
#include "../m2_scalar.hpp"

namespace {

using bench::Contender;

struct Tape {
  short tag;
  int which;
  std::vector<double> x, g;
  double y = 0;

  void record() {
    trace_on(tag, 1);
    std::vector<adouble> ax(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) ax[i] <<= x[i];
    adouble out = bench::m2::work(which, ax);
    out >>= y;
    trace_off();
    reverse();
  }
  void replay() {
    zos_forward(tag, 1, static_cast<int>(x.size()), 1, x.data(), &y);
    reverse();
  }
  void reverse() {
    double one = 1.0;
    fos_reverse(tag, 1, static_cast<int>(x.size()), &one, g.data());
  }
};

bench::PeerFactory peer(short tag, int which, bool replay) {
  return [=](const void* data) -> Contender {
    auto tape = std::make_shared<Tape>();
    tape->tag = tag;
    tape->which = which;
    tape->x = static_cast<const bench::m2::Data*>(data)->x;
    tape->g.resize(tape->x.size());
    tape->record();
    const auto run = [tape, replay] { replay ? tape->replay() : tape->record(); };
    const auto result = [tape] {
      std::vector<double> numbers{tape->y};
      numbers.insert(numbers.end(), tape->g.begin(), tape->g.end());
      return numbers;
    };
    return {"ADOL-C", run, result};
  };
}

const bench::Peer a("M2/trans/replay", peer(1, 0, true)), b("M2/cheap/replay", peer(2, 1, true)),
    c("M2/chains16/replay", peer(3, 2, true)), d("M2/trans/record", peer(4, 0, false)),
    e("M2/cheap/record", peer(5, 1, false));

}  // namespace
