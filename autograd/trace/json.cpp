#include <tapewise/autograd/trace/json_number.hpp>
#include <tapewise/autograd/trace/trace.hpp>

namespace tapewise {

namespace {

using Json = nlohmann::ordered_json;

Json text(const TraceText& t) {
  if (t.plain.empty()) return nullptr;
  return {{"plain", t.plain}, {"latex", t.latex}, {"mathml", t.mathml}};
}

Json value(const TraceValue& v) {
  Json shape = Json::array();
  for (std::size_t axis = 0; axis < v.type.shape.rank(); ++axis) {
    shape.push_back(v.type.shape[axis]);
  }
  Json made = {{"dtype", name_of(v.type.dtype)}, {"shape", shape}, {"size", v.type.size()}};
  if (v.in_full()) made["elements"] = json_numbers(v.elements);
  if (v.type.size() > v.not_finite) {
    made["min"] = v.min;
    made["max"] = v.max;
    made["mean"] = json_number(v.mean);
  }
  if (v.not_finite > 0) made["not_finite"] = v.not_finite;
  if (!v.in_full()) {
    made["picture"] = {
        {"rows", v.rows}, {"columns", v.columns}, {"means", json_numbers(v.picture)}};
  }
  return made;
}

Json node(const TraceNode& n) {
  Json made = {{"id", n.id},
               {"number", n.number},
               {"name", text(n.name)},
               {"labelled", n.labelled},
               {"graph", n.in_b ? "B" : "G"},
               {"role", n.role},
               {"op", n.op},
               {"family", n.family},
               {"attribute", n.attribute},
               {"rule", n.rule},
               {"parents", n.parents},
               {"formula", text(n.formula)},
               {"numbers", text(n.numbers)},
               {"value", value(n.value)},
               {"group", n.group},
               {"where", n.where}};
  if (n.in_b) made["belongs_to"] = n.belongs_to;
  return made;
}

Json contribution(const TraceContribution& c) {
  Json made = {{"child", c.child},
               {"use", c.use},
               {"term", nullptr},
               {"kind", c.kind},
               {"summed", c.summed},
               {"derivative", text(c.derivative)},
               {"derivative_numbers", text(c.derivative_numbers)},
               {"derivative_value", nullptr},
               {"rule", c.rule},
               {"product", text(c.product)},
               {"product_numbers", text(c.product_numbers)},
               {"value", value(c.value)}};
  if (c.term) made["term"] = *c.term;
  if (c.derivative_value) made["derivative_value"] = value(*c.derivative_value);
  return made;
}

Json check(const TraceCheck& c) {
  Json made = {{"verdict", c.verdict}, {"why", c.why}};
  if (c.verdict == "none") return made;
  made["method"] = c.method;
  made["checked"] = c.checked;
  made["analytic"] = json_number(c.analytic);
  made["numeric"] = json_number(c.numeric);
  made["error"] = json_number(c.error);
  made["allowed"] = json_number(c.allowed);
  return made;
}

Json entry(const TraceEntry& e) {
  Json contributions = Json::array();
  for (const TraceContribution& c : e.contributions) contributions.push_back(contribution(c));
  return {{"node", e.node},
          {"gradient", e.gradient},
          {"name", text(e.name)},
          {"value", value(e.value)},
          {"contributions", contributions},
          {"sum", text(e.sum)},
          {"sum_numbers", text(e.sum_numbers)},
          {"check", check(e.check)}};
}

Json update(const TraceUpdate& u) {
  return {{"leaf", u.leaf},
          {"assign", u.assign},
          {"formula", text(u.formula)},
          {"numbers", text(u.numbers)},
          {"before", value(u.before)},
          {"after", value(u.after)}};
}

Json step(const TraceStep& s) {
  Json made = {{"kind", name_of(s.kind)}, {"index", s.index}};
  if (s.kind == TraceStep::Kind::contribution) made["contribution"] = s.contribution;
  return made;
}

template <class T, class F>
Json list(const std::vector<T>& all, F&& write) {
  Json made = Json::array();
  for (const T& one : all) made.push_back(write(one));
  return made;
}

}  // namespace

std::string to_json(const Trace& trace, int indent) {
  const Json made = {{"schema", "tapewise-trace/1"},
                     {"title", trace.title},
                     {"output", trace.output},
                     {"forward_nodes", trace.forward_nodes},
                     {"nodes", list(trace.nodes, node)},
                     {"entries", list(trace.entries, entry)},
                     {"updates", list(trace.updates, update)},
                     {"steps", list(trace.steps, step)}};
  return made.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tapewise
