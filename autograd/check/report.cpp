#include <algorithm>
#include <cmath>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <tapewise/autograd/gradcheck.hpp>

namespace tapewise {

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view names[] = {"right", "wrong", "undecidable"};
  return names[static_cast<std::size_t>(verdict)];
}

std::string_view name_of(Undecided reason) {
  constexpr std::string_view names[] = {"", "kink", "step noise", "non-finite"};
  return names[static_cast<std::size_t>(reason)];
}

bool has_no_digits(const GradcheckElement& e) {
  return e.digits && *e.digits < 1.0 && (e.analytic != 0.0 || *e.bound > 0.0);
}

GradcheckReport::operator bool() const {
  const bool any_wrong = wrong > 0 || !blamed.empty() || as_recorded == Verdict::wrong ||
                         forward_mode == Verdict::wrong;
  // A zero that noise hides is no failure either: every rule on the way has been tried by itself.
  const auto harmless = [](const GradcheckElement& e) {
    const bool zero = e.reason == Undecided::step_noise && e.analytic == 0.0 && e.numeric == 0.0;
    return zero || (e.kink && e.kink->between);
  };
  const bool something_said = checked > 0 || std::all_of(entries.begin(), entries.end(), harmless);
  return !any_wrong && something_said;
}

namespace {

std::string place(const GradcheckElement& e) {
  const std::string at = std::to_string(e.index);
  std::string text =
      "\"" + e.name + "\"" + (e.projection ? " along direction " + at : "[" + at + "]");
  if (e.located >= 0) text += " (it is element " + std::to_string(e.located) + ")";
  return text;
}

void print_kink(std::ostream& out, const GradcheckKink& kink) {
  out << "\n    kink of [" << kink.op << "] " << kink.name << "[" << kink.index << "], recorded at "
      << kink.where << ": slopes " << kink.left << " and " << kink.right << " on the two sides, "
      << (kink.between ? "the gradient's choice lies between" : "the gradient's choice is outside");
}

void print_entry(std::ostream& out, const GradcheckElement& e) {
  out << "input " << e.input << " " << place(e) << ": analytic " << e.analytic << ", numeric "
      << e.numeric << ", error " << e.error << ", allowed " << e.allowed;
  if (e.reason != Undecided::no) out << " (" << name_of(e.reason) << ")";
  if (e.kink) print_kink(out, *e.kink);
}

void print_blame(std::ostream& out, const GradcheckBlame& b) {
  out << "\n  to blame: [" << b.op << "] operand " << b.use + 1;
  if (b.index >= 0) out << ", element " << b.index;
  out << ", recorded at " << b.where << " as " << b.name << ": by itself it gives " << b.analytic
      << " for " << b.numeric;
  if (b.stops_gradient) out << " (it stops the gradient on purpose)";
}

/// Prints those entries that `wanted` picks, the first few in full.
template <class Wanted>
void print_some(std::ostream& out, const GradcheckReport& report, const char* heading,
                const Wanted& wanted) {
  constexpr std::size_t few = 5;
  std::size_t seen = 0;
  for (const GradcheckElement& e : report.entries) {
    if (!wanted(e) || ++seen > few) continue;
    out << "\n  " << heading;
    print_entry(out, e);
  }
  if (seen > few) out << "\n  ... and " << seen - few << " more";
}

nlohmann::json number(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}

nlohmann::json to_object(const GradcheckElement& e) {
  nlohmann::json j{{"input", e.input},
                   {"node", e.node},
                   {"name", e.name},
                   {"index", e.index},
                   {"projection", e.projection},
                   {"analytic", number(e.analytic)},
                   {"numeric", number(e.numeric)},
                   {"error", number(e.error)},
                   {"allowed", number(e.allowed)},
                   {"rounding", number(e.rounding)},
                   {"verdict", name_of(e.verdict)}};
  if (e.reason != Undecided::no) j["reason"] = name_of(e.reason);
  if (e.located >= 0) j["located"] = e.located;
  if (e.digits) {
    j["bound"] = number(*e.bound);
    j["digits"] = number(*e.digits);
    j["no_digits"] = has_no_digits(e);
  }
  if (e.kink) {
    j["kink"] = {{"node", e.kink->node},           {"op", e.kink->op},
                 {"name", e.kink->name},           {"where", e.kink->where},
                 {"index", e.kink->index},         {"left", number(e.kink->left)},
                 {"right", number(e.kink->right)}, {"between", e.kink->between}};
  }
  return j;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const GradcheckReport& report) {
  const bool found_wrong = report.wrong > 0 || !report.blamed.empty() ||
                           report.as_recorded == Verdict::wrong ||
                           report.forward_mode == Verdict::wrong;
  out << (report        ? "gradient right"
          : found_wrong ? "GRADIENT WRONG"
                        : "GRADIENT UNDECIDED")
      << " (" << report.method << ", " << report.checked << " elements, " << report.wrong
      << " wrong";
  if (report.undecidable > 0) out << ", " << report.undecidable << " undecidable";
  if (report.order > 1) out << ", order " << report.order;
  out << ")";
  const auto precision = out.precision(10);
  if (report.wrong == 0 && report.checked > 0) {
    out << "\n  worst: ";
    print_entry(out, report.worst);
  }
  print_some(out, report, "wrong: ", [](const auto& e) { return e.verdict == Verdict::wrong; });
  print_some(out, report,
             "undecidable: ", [](const auto& e) { return e.verdict == Verdict::undecidable; });
  print_some(out, report, "no correct digits: ", has_no_digits);
  for (const GradcheckBlame& b : report.blamed) print_blame(out, b);
  if (report.wrong > 0 && report.blamed.empty()) {
    out << "\n  no op is wrong by itself";
  }
  if (report.as_recorded == Verdict::wrong) {
    out << "\n  in float32 the gradient is further from its replay in float64 than rounding "
           "explains";
  }
  if (report.forward_mode == Verdict::wrong) out << "\n  the jvp is not the vjp's transpose";
  if (report.taylor.verdict == Verdict::wrong) {
    out << "\n  Taylor remainder: falls with h^" << std::setprecision(3) << report.taylor.rate
        << ", with a right gradient it would be h^2";
  }
  out.precision(precision);
  return out;
}

void print_entries(std::ostream& out, const GradcheckReport& report) {
  std::size_t width = 5;
  for (const GradcheckElement& e : report.entries) width = std::max(width, place(e).size());
  const auto column = [&](const std::string& text) {
    out << ' ' << std::setw(17) << std::right << text;
  };
  const auto number_column = [&](double x, int digits) {
    std::ostringstream text;
    text << std::setprecision(digits) << x;
    column(text.str());
  };
  out << std::setw(static_cast<int>(width)) << std::left << "entry";
  for (const char* heading : {"analytic", "numeric", "error", "allowed"}) column(heading);
  out << "  verdict\n";
  for (const GradcheckElement& e : report.entries) {
    out << std::setw(static_cast<int>(width)) << std::left << place(e);
    number_column(e.analytic, 10);
    number_column(e.numeric, 10);
    number_column(e.error, 2);
    number_column(e.allowed, 2);
    out << "  " << name_of(e.verdict);
    if (e.reason != Undecided::no) out << ": " << name_of(e.reason);
    if (e.digits) out << ", " << std::lround(*e.digits) << " digits";
    out << '\n';
  }
}

std::string to_json(const GradcheckReport& report) {
  nlohmann::json j{
      {"right", static_cast<bool>(report)},
      {"method", report.method},
      {"order", report.order},
      {"checked", report.checked},
      {"wrong", report.wrong},
      {"undecidable", report.undecidable},
      {"as_recorded", name_of(report.as_recorded)},
      {"taylor",
       {{"rate", number(report.taylor.rate)}, {"verdict", name_of(report.taylor.verdict)}}},
      {"entries", nlohmann::json::array()},
      {"blamed", nlohmann::json::array()}};
  if (report.forward_mode) j["forward_mode"] = name_of(*report.forward_mode);
  for (const GradcheckElement& e : report.entries) j["entries"].push_back(to_object(e));
  for (const GradcheckBlame& b : report.blamed) {
    j["blamed"].push_back({{"node", b.node},
                           {"op", b.op},
                           {"name", b.name},
                           {"where", b.where},
                           {"use", b.use},
                           {"index", b.index},
                           {"analytic", number(b.analytic)},
                           {"numeric", number(b.numeric)},
                           {"stops_gradient", b.stops_gradient}});
  }
  // Labels are the user's bytes; what is not UTF-8 is replaced.
  return j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tapewise
