// The command `tapewise` as a user meets it: its output against the lectures' numbers, its exit
// statuses, and docs/ops.md against what it prints.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

using nlohmann::json;

namespace {

namespace fs = std::filesystem;

struct Result {
  std::string out;
  int status = -1;
  bool has(const std::string& text) const { return out.find(text) != std::string::npos; }
};

/// Runs `tapewise ARGUMENTS` in a shell; standard error is part of the output when asked for.
Result run(const std::string& arguments, bool with_errors = false) {
  const std::string line = std::string("'") + TAPEWISE_COMMAND + "' " + arguments +
                           (with_errors ? " 2>&1" : " 2>/dev/null");
  Result result;
  std::FILE* pipe = popen(line.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    result.out.append(buffer, n);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string contents(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::string neuron =
    "'u_in = w1*x1^3 + w2*x2; u_out = sigmoid(u_in); L = 0.5*(y - u_out)^2' "
    "y=0 w1=.02 w2=.01 x1=3 x2=5 ";

/// The numbers by name: of `nodes` and of `entries`.
double value_of(const json& trace, const std::string& name) {
  for (const auto& node : trace["nodes"]) {
    if (node["name"]["plain"] == name) return node["value"]["elements"][0];
  }
  FAIL("no node " << name);
  return 0;
}
double entry_of(const json& trace, const std::string& name) {
  for (const auto& entry : trace["entries"]) {
    if (entry["name"]["plain"] == name) return entry["value"]["elements"][0];
  }
  FAIL("no entry " << name);
  return 0;
}

/// A folder that is gone afterwards.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("tapewise-test-" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
};

}  // namespace

TEST_CASE("the lecture's example prints the lecture's numbers") {
  const Result all = run("step " + neuron + "--all");
  CHECK(all.status == 0);
  CHECK(all.has("u_in = u_7 + u_8 = 0.54 + 0.05 = 0.59 "));
  CHECK(all.has("= 0.6433651457"));
  CHECK(all.has("= 0.2069593553"));
  CHECK(all.has("= 0.229446435"));
  CHECK(all.has("∂L/∂w1 = 3.985681655236973"));
}

TEST_CASE("the JSON holds the exact numbers, the inputs and the descent") {
  const Result result = run("step " + neuron + "--json --lr .01 --steps 2 --learn w1");
  REQUIRE(result.status == 0);
  const json trace = json::parse(result.out);
  const auto near = [](double x) { return doctest::Approx(x).epsilon(1e-13); };
  CHECK(value_of(trace, "u_in") == near(0.59));
  CHECK(value_of(trace, "u_out") == near(0.6433651456944018));
  CHECK(value_of(trace, "L") == near(0.2069593553471895));
  CHECK(entry_of(trace, "∂L/∂w1") == near(3.9856816552369736));
  CHECK(entry_of(trace, "∂L/∂w2") == near(0.7380891954142543));
  CHECK(entry_of(trace, "∂L/∂x1") == near(0.07971363310473947));
  CHECK(entry_of(trace, "∂L/∂x2") == near(0.0014761783908285087));
  CHECK(trace["expression"]["inputs"]["w1"] == ".02");
  // Slip E1 of the lectures: the right w1 and loss after one step.
  const auto& rows = trace["descent"]["rows"];
  REQUIRE(rows.size() == 3);
  CHECK(double(rows[1]["values"]["w1"]) == near(-0.019856816552369736));
  CHECK(double(rows[1]["output"]) == near(0.07250611332814981));
  CHECK(trace["updates"][0]["formula"]["plain"] == "w1 - learning_rate·∇[w1]");
  const json two = json::parse(run("step " + neuron + "--json --lr .01 --learn w1,x2").out);
  CHECK(two["descent"]["learned"] == json({"w1", "x2"}));
}

TEST_CASE("the diamond shows a sum of two") {
  const Result all = run("step 'c = a+b; d = b+1; e = c*d' a=2 b=1 --all");
  CHECK(all.status == 0);
  CHECK(all.has("∂e/∂b, term 1 of 2, via d"));
  CHECK(all.has("∂e/∂b, term 2 of 2, via c"));
  CHECK(all.has("∂e/∂b = 5 = 3 + 2 (via d c)"));
}

TEST_CASE("stepping reads commands from a pipe") {
  const std::string in = "printf 'n\\nj u_out\\nj du_in\\nb\\ng\\nq\\n' | ";
  const std::string line = in + "'" + TAPEWISE_COMMAND + "' step " + neuron;
  std::FILE* pipe = popen(line.c_str(), "r");
  std::string out;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  CHECK(pclose(pipe) == 0);
  CHECK(out.find("forward   u_out = ") != std::string::npos);
  CHECK(out.find("∂L/∂u_in, term 1 of 1") != std::string::npos);
  CHECK(out.find("u(10)") != std::string::npos);
}

TEST_CASE("XOR with the lectures' weights, and an array as the value") {
  const Result xor_net =
      run("step 'h = relu(X@W + c); y = h@w' 'X=[[0,0],[0,1],[1,0],[1,1]]' 'W=[[1,1],[1,1]]' "
          "'c=[0,-1]' 'w=[1,-2]' --all",
          true);
  CHECK(xor_net.status == 0);
  CHECK(xor_net.has("y has shape (4,): its sum is differentiated"));
  CHECK(xor_net.has("= [[0, 0], [1, 0], [1, 0], [2, 1]]"));
  CHECK(xor_net.has("= [0, 1, 1, 0]"));
}

TEST_CASE("wrong expressions and arguments end with status 2 and say where") {
  const Result open = run("step 'L = (a + b' a=1 b=2", true);
  CHECK(open.status == 2);
  CHECK(open.has("column 11: expected an operator or \")\""));
  CHECK(open.has("\n            ^"));
  const Result unknown = run("step 'sigmiod(a)' a=1", true);
  CHECK(unknown.status == 2);
  CHECK(unknown.has("did you mean sigmoid?"));
  CHECK(run("step 'a + b' a=1", true).has("give b=..."));
  CHECK(run("step 'a < 1' a=1", true).status == 2);
  CHECK(run("", true).status == 2);
  CHECK(run("stepp", true).status == 2);
  CHECK(run("step 'a' a=1 --steps 3", true).status == 2);
  CHECK(run("ops no_such_op", true).status == 2);
  CHECK(run("step 'a*a' a=1 --dot /nowhere/at/all", true).status == 3);
  CHECK(run("--help").status == 0);
  CHECK(run("step --help").has("--learn NAMES"));
}

TEST_CASE("an expression can begin with a minus sign, in every command that reads one") {
  CHECK(run("check '-x^2' x=3").status == 0);
  CHECK(run("step --all '-x*y' x=-1 y=-2e-3").has("f = u_3·y = 1·(-0.002) = -0.002"));
  CHECK(run("check '-x $' x=3", true).has("column 4"));
  CHECK(run("plot '-x'").has("y = -x"));
}

TEST_CASE("wrong words and options are named, and what cannot go together is refused") {
  CHECK(run("lessons", true).has("there is no command \"lessons\", did you mean lesson?"));
  CHECK(run("lesson sigmiod", true).has("sigmoid"));
  CHECK(run("step x x=1 --lr 0", true).has("--lr: expected a number above 0, given 0"));
  for (const char* wrong :
       {"step x x=1 --lr nan", "step x x=1 --json --all", "step x x=1 --json --markdown",
        "step x x=1 --html ''", "lesson --check", "lesson unit --all", "lesson --all --html x.html",
        "lesson unit --json --check", "lesson unit w1=nan", "lesson unit w1=1 w1=2",
        "lesson relu --pictures x.jpg", "lesson relu --pictures x"}) {
    CHECK_MESSAGE(run(wrong).status == 2, wrong);
  }
  const Result learn = run("step 'a*b' a=1 b=2 --lr .1 --learn 'a, a' --all");
  CHECK(learn.has("step 1  f = 1.6  a = 0.8\n"));
}

TEST_CASE("what could not be printed ends with status 3") {
  for (const char* printed : {"step x x=1 --all", "step x x=1 --json", "lesson", "ops", "plot relu",
                              "check x x=1", "completion bash", "step x x=1 --html -", "--help"}) {
    CHECK_MESSAGE(run(std::string(printed) + " >/dev/full").status == 3, printed);
  }
  for (const char* option : {"--html", "--dot", "--svg", "--latex"}) {
    const Result result = run("step x x=1 " + std::string(option) + " /nowhere/x", true);
    CHECK(result.status == 3);
    CHECK(result.has("cannot write /nowhere/x"));
  }
}

TEST_CASE("all lessons as JSON are one list") {
  const json lessons = json::parse(run("lesson --all --json").out);
  REQUIRE(lessons.is_array());
  CHECK(lessons.size() == 50);
  for (const auto& lesson : lessons) CHECK(lesson["holds"] == true);
}

TEST_CASE("graph, document and picture files are written") {
  const Folder folder;
  const Result result =
      run("step " + neuron + "--dot " + folder.file("g.dot") + " --latex " + folder.file("g.tex"));
  CHECK(result.status == 0);
  CHECK(contents(folder.file("g.dot")).starts_with("digraph"));
  CHECK(contents(folder.file("g.tex")).find("\\end{document}") != std::string::npos);
  CHECK(run("plot relu --svg " + folder.file("p.svg") + " --png " + folder.file("p.png")).status ==
        0);
  CHECK(contents(folder.file("p.svg")).find("<svg") != std::string::npos);
  CHECK(contents(folder.file("p.png")).starts_with("\x89PNG"));
  if (std::system("dot -V >/dev/null 2>&1") == 0) {
    CHECK(run("step " + neuron + "--svg " + folder.file("g.svg")).status == 0);
    CHECK(contents(folder.file("g.svg")).find("</svg>") != std::string::npos);
  }
  CHECK(run("step 'a*a' a=3 --markdown").has("| right |"));
}

TEST_CASE("a page of the command says what it was computed from and holds the engine") {
  const Folder folder;
  const std::string engine = "<script id=\"engine\" type=\"text/plain\">H4sI";
  REQUIRE(run("step " + neuron + "--lr .5 --learn w1 --html " + folder.file("p.html")).status == 0);
  const std::string page = contents(folder.file("p.html"));
  CHECK(page.find(engine) != std::string::npos);
  CHECK(page.size() < 2000000);
  const std::string mark = "<script id=\"trace\" type=\"application/json\">";
  const std::size_t begin = page.find(mark) + mark.size();
  const json trace = json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  CHECK(trace["expression"]["inputs"]["w1"] == ".02");
  CHECK(trace["expression"]["rate"] == 0.5);
  CHECK(trace["expression"]["learn"] == json({"w1"}));
  REQUIRE(run("lesson unit w1=.5 --html " + folder.file("l.html")).status == 0);
  const std::string lesson = contents(folder.file("l.html"));
  CHECK(lesson.find(engine) != std::string::npos);
  CHECK(lesson.find("\"lesson\":{\"name\":\"unit\",\"inputs\":{\"w1\":0.5,") != std::string::npos);
}

TEST_CASE(
    "docs/expressions.md: every command begins with what stands below it, the list is complete") {
  std::ifstream in(fs::path(TAPEWISE_SOURCE_DIR) / "docs" / "expressions.md");
  std::string line, fence, command, wanted, list;
  std::size_t commands = 0;
  const auto finish = [&] {
    if (command.empty()) return;
    CHECK(run(command, true).out.starts_with(wanted));
    ++commands;
    command = wanted = "";
  };
  while (std::getline(in, line)) {
    if (line.starts_with("```")) {
      finish();
      fence = line;
    } else if (fence == "```console" && line.starts_with("$ tapewise ")) {
      finish();
      command = line.substr(std::string("$ tapewise ").size());
    } else if (fence == "```console") {
      wanted += line + "\n";
    } else if (fence == "```text") {
      list += line + "\n";
    }
  }
  CHECK(commands == 5);
  CHECK_MESSAGE(list == run("ops --calls").out, "run: tapewise ops --calls");
}

TEST_CASE("every elementwise op of one operand can be plotted") {
  const json ops = json::parse(run("ops --json").out);
  CHECK(ops.size() > 40);
  for (const auto& op : ops) {
    const std::string signature = op["signature"], name = op["name"];
    const auto count = [&](char c) { return std::count(signature.begin(), signature.end(), c); };
    // One operand, and every other argument can be left out.
    const bool unary = signature.starts_with(name + "(") && count(',') == count('=');
    if (!op["elementwise"] || !unary || op["dtypes"][0] != "float64") continue;
    if (name.starts_with("is")) continue;  // a condition is no real number
    const Result result = run("plot " + name + " --from .1 --to .9", true);
    CHECK_MESSAGE(result.status == 0, name << ": " << result.out);
  }
  CHECK(run("plot 'x^2*sin(x)'").has("dy/dx"));
  CHECK(run("plot softplus").has("0.693147"));
  CHECK(run("plot -- -x^2").has("y = -x^2"));
  CHECK(run("plot sum", true).status == 2);
  CHECK(run("plot 'cumsum(x, axis=0)'", true).has("does not act on each number by itself"));
  CHECK(run("plot 'x<0'", true).has("no real number"));
  CHECK(run("plot relu --from nan", true).status == 2);
  // softmax takes numbers together: of (x, 0) its first element is the sigmoid of x
  const Result softmax = run("plot softmax"), sigmoid = run("plot sigmoid");
  CHECK(softmax.status == 0);
  CHECK(softmax.has("first element of softmax([x, 0])"));
  CHECK(softmax.out.substr(softmax.out.find('\n')) == sigmoid.out.substr(sigmoid.out.find('\n')));
}

TEST_CASE("check says right of right gradients and answers with its status") {
  CHECK(run("check 'x^3*sin(x)' x=0.7").has("gradient right"));
  CHECK(run("check 'x^3*sin(x)' x=0.7 --order 2").status == 0);
  CHECK(run("check", true).status == 2);
  const json one = json::parse(run("check 'exp(x)*y' x=[1,2] y=3 --json").out);
  CHECK(one["right"] == true);
  CHECK(one["checked"] == 3);
  const Result all = run("check --all --json");
  CHECK(all.status == 0);
  CHECK(json::parse(all.out).size() > 40);
}

TEST_CASE("the completion scripts know every subcommand and option") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Result script = run(std::string("completion ") + shell);
    CHECK(script.status == 0);
    for (const char* word : {"step", "plot", "--latex", "--markdown", "softplus", "xor-descent"}) {
      CHECK_MESSAGE(script.has(word), shell << ": " << word);
    }
  }
  // As bash calls it when the tab key is pressed after `tapewise lesson xor-d`.
  const Folder folder;
  const std::string file = folder.file("completion");
  CHECK(run("completion bash >" + file).status == 0);
  std::FILE* bash = popen(("bash -c 'source " + file +
                           "; COMP_WORDS=(tapewise lesson xor-d); COMP_CWORD=2; _tapewise; "
                           "echo ${COMPREPLY[@]}; COMP_WORDS=(tapewise st); COMP_CWORD=1; "
                           "_tapewise; echo ${COMPREPLY[@]}'")
                              .c_str(),
                          "r");
  REQUIRE(bash != nullptr);
  char answer[256] = {};
  const std::size_t read = fread(answer, 1, sizeof answer - 1, bash);
  CHECK(pclose(bash) == 0);
  CHECK(std::string(answer, read) == "xor-descent\nstep\n");
}

TEST_CASE("docs/ops.md is what the command prints") {
  const bool same =
      run("ops --markdown").out == contents(fs::path(TAPEWISE_SOURCE_DIR) / "docs" / "ops.md");
  CHECK_MESSAGE(same, "run: tapewise ops --markdown > docs/ops.md");
}
