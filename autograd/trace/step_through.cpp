#include <tapewise/autograd/trace/step_through.hpp>

#include <unistd.h>
#include <algorithm>
#include <iostream>
#include <string>
#include <tapewise/autograd/trace/text.hpp>

namespace tapewise {

namespace {

constexpr const char* help =
    "  n, next, empty line   one step on\n"
    "  b, back               one step back\n"
    "  j, jump NAME          to the step that computes NAME, or to step number NAME;\n"
    "                        `jump ∇NAME` or `jump dNAME`: to its entry\n"
    "  g, graph              the nodes and their parents\n"
    "  t, table              the gradient table\n"
    "  o, open GROUP         show a folded group step by step; f, fold: fold all again\n"
    "  a, all                every step\n"
    "  q, quit\n";

/// A reader's place on the time line.
class Stepper {
 public:
  Stepper(const Trace& trace, std::istream& in, std::ostream& out)
      : trace_(trace),
        in_(in),
        out_(out),
        fold_(fold_large(trace)),
        lines_(lines_of(trace, fold_)) {}

  void run() {
    out_ << trace_.title << ": " << lines_.size() << " steps; n next, b back, h help, q quit\n";
    show();
    std::string line;
    while (out_ << "> " << std::flush && std::getline(in_, line)) {
      if (!obey(trimmed(line))) return;
    }
    out_ << '\n';
  }

 private:
  static std::string trimmed(const std::string& line) {
    const char* blanks = " \t\r";
    const std::size_t begin = std::min(line.find_first_not_of(blanks), line.size());
    return line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
  }

  void show() {
    if (lines_.empty()) return;
    out_ << at_ + 1 << '/' << lines_.size() << "  " << to_text(trace_, lines_[at_]) << '\n';
  }

  /// False to stop.
  bool obey(const std::string& line) {
    const std::size_t blank = line.find(' ');
    const std::string word = line.substr(0, blank);
    const std::string rest = blank == std::string::npos ? "" : trimmed(line.substr(blank));
    const auto is = [&](const char* name) {
      return word == name || word == std::string(1, name[0]);
    };
    if (is("quit") || word == "exit") return false;
    if (word.empty() || is("next"))
      move(1);
    else if (is("back"))
      move(-1);
    else if (is("jump"))
      jump(rest);
    else if (is("graph") || line == "show graph")
      print_graph(out_, trace_, fold_);
    else if (is("table"))
      print_table(out_, trace_, fold_);
    else if (is("open"))
      open(rest);
    else if (is("fold"))
      refold(fold_large(trace_));
    else if (is("all"))
      print_all(out_, trace_, fold_);
    else if (is("help"))
      out_ << help;
    else
      out_ << "no such command: h lists them\n";
    return true;
  }

  void move(int by) {
    if (by < 0 && at_ == 0) {
      out_ << "this is the first step\n";
    } else if (by > 0 && at_ + 1 >= lines_.size()) {
      out_ << "this was the last step\n";
    } else {
      at_ = by < 0 ? at_ - 1 : at_ + 1;
      show();
    }
  }

  void jump(std::string name) {
    if (!name.empty() &&
        std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      const std::size_t number = name.size() < 10 ? std::stoul(name) : 0;
      if (number < 1 || number > lines_.size()) {
        out_ << "there are steps 1 to " << lines_.size() << '\n';
        return;
      }
      at_ = number - 1;
      show();
      return;
    }
    if (go_to(name, true)) return;
    if (name.starts_with("∇"))
      name = name.substr(std::string("∇").size());
    else if (name.starts_with("d"))
      name = name.substr(1);
    if (name.starts_with("[") && name.ends_with("]")) name = name.substr(1, name.size() - 2);
    if (!go_to(name, false)) out_ << "no node of this name: `graph` lists them\n";
  }

  bool go_to(const std::string& name, bool forward) {
    for (std::size_t k = 0; k < lines_.size(); ++k) {
      for (std::size_t s = lines_[k].first; s < lines_[k].first + lines_[k].count; ++s) {
        const TraceStep& step = trace_.steps[s];
        if (step.kind == TraceStep::Kind::update ||
            forward != (step.kind == TraceStep::Kind::forward)) {
          continue;
        }
        const TraceNode& node =
            forward ? trace_.nodes[step.index] : trace_.node(trace_.entries[step.index].node);
        if (node.name.plain != name) continue;
        at_ = k;
        show();
        return true;
      }
    }
    return false;
  }

  void open(const std::string& group) {
    if (!fold_.contains(group)) {
      out_ << "no folded group of this name";
      for (const std::string& known : fold_)
        out_ << (known == *fold_.begin() ? ": " : ", ") << known;
      out_ << '\n';
      return;
    }
    TraceFold fewer = fold_;
    fewer.erase(group);
    refold(std::move(fewer));
  }

  /// Other lines, at the same step.
  void refold(TraceFold fold) {
    const std::size_t step = lines_.empty() ? 0 : lines_[at_].first;
    fold_ = std::move(fold);
    lines_ = lines_of(trace_, fold_);
    at_ = 0;
    while (at_ + 1 < lines_.size() && lines_[at_ + 1].first <= step) ++at_;
    show();
  }

  const Trace& trace_;
  std::istream& in_;
  std::ostream& out_;
  TraceFold fold_;
  std::vector<TraceLine> lines_;
  std::size_t at_ = 0;
};

Trace trace_on(Tape& tape, const Var& output) {
  tape.require_own(output, "step_through");
  return make_trace(output);
}

}  // namespace

void step_through(const Trace& trace, std::istream& in, std::ostream& out) {
  Stepper(trace, in, out).run();
}

void step_through(Tape& tape, const Var& output, std::ostream& out) {
  const Trace trace = trace_on(tape, output);
  print_all(out, trace, fold_large(trace));
}

void step_through(Tape& tape, const Var& output, std::istream& in, std::ostream& out) {
  step_through(trace_on(tape, output), in, out);
}

void step_through(Tape& tape, const Var& output) {
  if (isatty(STDIN_FILENO) != 0)
    step_through(tape, output, std::cin, std::cout);
  else
    step_through(tape, output, std::cout);
}

}  // namespace tapewise
