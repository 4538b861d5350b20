#include <tapewise/autograd/trace/json_writer.hpp>
#include <tapewise/autograd/trace/trace.hpp>

namespace tapewise {

namespace {

/// Writes the members of a trace one after the other: as a tree of JSON values first, a large trace
/// would take ten times as long.
class Writer {
 public:
  explicit Writer(bool latex) : latex_(latex) {}

  std::string write(const Trace& trace) {
    json_.open('{');
    json_.member("schema", "tapewise-trace/1");
    json_.member("title", trace.title);
    json_.member("output", trace.output);
    json_.member("forward_nodes", trace.forward_nodes);
    list("nodes", trace.nodes, [&](const TraceNode& n) { node(n); });
    list("entries", trace.entries, [&](const TraceEntry& e) { entry(e); });
    list("updates", trace.updates, [&](const TraceUpdate& u) { update(u); });
    list("steps", trace.steps, [&](const TraceStep& s) { step(s); });
    json_.close('}');
    return json_.take();
  }

 private:
  template <class T, class F>
  void list(std::string_view key, const std::vector<T>& all, F&& write_one) {
    json_.key(key);
    json_.open('[');
    for (const T& one : all) {
      json_.open('{');
      write_one(one);
      json_.close('}');
    }
    json_.close(']');
  }

  void member(std::string_view key, const TraceText& t) {
    json_.key(key);
    if (t.plain.empty()) {
      json_.null();
      return;
    }
    json_.open('{');
    json_.member("plain", t.plain);
    if (latex_) json_.member("latex", t.latex);
    json_.member("mathml", t.mathml);
    json_.close('}');
  }

  void member(std::string_view key, const TraceValue& v) {
    json_.key(key);
    json_.open('{');
    json_.member("dtype", name_of(v.type.dtype));
    json_.key("shape");
    json_.open('[');
    for (std::size_t axis = 0; axis < v.type.shape.rank(); ++axis) json_.value(v.type.shape[axis]);
    json_.close(']');
    json_.member("size", v.type.size());
    if (v.in_full()) json_.member("elements", v.elements);
    if (v.type.size() > v.not_finite) {
      json_.member("min", v.min);
      json_.member("max", v.max);
      json_.member("mean", v.mean);
    }
    if (v.not_finite > 0) json_.member("not_finite", v.not_finite);
    if (!v.in_full()) {
      json_.key("picture");
      json_.open('{');
      json_.member("rows", v.rows);
      json_.member("columns", v.columns);
      json_.member("means", v.picture);
      json_.close('}');
    }
    json_.close('}');
  }

  void node(const TraceNode& n) {
    json_.member("id", n.id);
    json_.member("number", n.number);
    member("name", n.name);
    json_.member("labelled", n.labelled);
    json_.member("graph", n.in_b ? "B" : "G");
    json_.member("role", n.role);
    json_.member("op", n.op);
    json_.member("family", n.family);
    json_.member("attribute", n.attribute);
    json_.member("rule", n.rule);
    json_.member("parents", n.parents);
    member("formula", n.formula);
    member("numbers", n.numbers);
    member("value", n.value);
    json_.member("group", n.group);
    json_.member("where", n.where);
    if (n.in_b) json_.member("belongs_to", n.belongs_to);
  }

  void contribution(const TraceContribution& c) {
    json_.member("child", c.child);
    json_.member("use", c.use);
    if (c.term) {
      json_.member("term", *c.term);
    } else {
      json_.null("term");
    }
    json_.member("kind", c.kind);
    json_.member("summed", c.summed);
    member("derivative", c.derivative);
    member("derivative_numbers", c.derivative_numbers);
    if (c.derivative_value) {
      member("derivative_value", *c.derivative_value);
    } else {
      json_.null("derivative_value");
    }
    json_.member("rule", c.rule);
    member("product", c.product);
    member("product_numbers", c.product_numbers);
    member("value", c.value);
  }

  void entry(const TraceEntry& e) {
    json_.member("node", e.node);
    json_.member("gradient", e.gradient);
    member("name", e.name);
    member("value", e.value);
    list("contributions", e.contributions, [&](const TraceContribution& c) { contribution(c); });
    member("sum", e.sum);
    member("sum_numbers", e.sum_numbers);
    json_.key("check");
    write_json(json_, e.check);
  }

  void update(const TraceUpdate& u) {
    json_.member("leaf", u.leaf);
    json_.member("assign", u.assign);
    member("formula", u.formula);
    member("numbers", u.numbers);
    member("before", u.before);
    member("after", u.after);
  }

  void step(const TraceStep& s) {
    json_.member("kind", name_of(s.kind));
    json_.member("index", s.index);
    if (s.kind == TraceStep::Kind::contribution) json_.member("contribution", s.contribution);
  }

  bool latex_;
  JsonWriter json_;
};

}  // namespace

void write_json(JsonWriter& json, const TraceCheck& check) {
  json.open('{');
  json.member("verdict", check.verdict);
  json.member("why", check.why);
  if (!check.method.empty()) {
    json.member("method", check.method);
    json.member("checked", check.checked);
    json.member("analytic", check.analytic);
    json.member("numeric", check.numeric);
    json.member("error", check.error);
    json.member("allowed", check.allowed);
  }
  json.close('}');
}

std::string to_json(const Trace& trace, const TraceJson& how) {
  std::string text = Writer(how.latex).write(trace);
  return how.indent < 0 ? text : nlohmann::ordered_json::parse(text).dump(how.indent);
}

}  // namespace tapewise
