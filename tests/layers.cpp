// The rules of the house, read from the `#include` lines and the lists in cmake/sources.cmake.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

struct Include {
  std::string name;
  bool quoted = false;
};

std::vector<Include> includes_of(const Lines& lines) {
  std::vector<Include> found;
  for (const std::string& line : lines) {
    std::string text;  // without blanks: `#  include <x>` counts too
    std::copy_if(line.begin(), line.end(), std::back_inserter(text),
                 [](char c) { return c != ' ' && c != '\t'; });
    const std::string start = "#include";
    if (!text.starts_with(start) || text.size() < start.size() + 3) continue;
    const char open = text[start.size()];
    const std::size_t end = text.find(open == '<' ? '>' : '"', start.size() + 1);
    found.push_back({text.substr(start.size() + 1, end - start.size() - 1), open == '"'});
  }
  return found;
}

/// "ops" of "ops/kernels/simd.hpp"; a file at the top is its own folder.
std::string top_folder(const std::string& path) { return path.substr(0, path.find('/')); }

/// The order of the layers: a file includes its own layer and those below.
int layer(const std::string& path) {
  const std::vector<std::string> upward = {"autograd", "ops", "nn", "tapewise.hpp", "lessons"};
  const auto found = std::find(upward.begin(), upward.end(), top_folder(path));
  return found == upward.end() ? -1 : static_cast<int>(found - upward.begin());
}

bool names_xtensor(const std::string& include) {
  return include.starts_with("xtensor/") || include.starts_with("xtl/");
}
bool names_blas(const std::string& include) {
  return include.starts_with("xtensor-blas/") || include.ends_with("cblas.h");
}
/// The raw bindings that come with xtensor-blas, in a file of their own: they cannot be read beside
/// cblas.h.
bool names_lapack(const std::string& include) {
  return include.starts_with("xflens/") || include.ends_with("lapacke.h");
}
bool names_xsimd(const std::string& include) { return include.starts_with("xsimd/"); }

/// What is wrong with the includes of one file of the library or the lessons.
Lines violations(const std::string& path, const Lines& lines) {
  Lines wrong;
  const bool library = top_folder(path) != "lessons";
  for (const auto& [name, quoted] : includes_of(lines)) {
    const auto object = [&, &name = name](const std::string& why) {
      wrong.push_back(path + " includes " + name + ": " + why);
    };
    if (quoted) object("our headers are named <tapewise/...>");
    if (name.starts_with("tapewise/")) {
      const std::string target = name.substr(std::string("tapewise/").size());
      if (layer(target) < 0) object("no such layer");
      if (layer(target) > layer(path)) object("includes run downward only");
    }
    if (library && names_xtensor(name) && path != "autograd/xtensor_bridge.hpp") {
      object("only autograd/xtensor_bridge.hpp names xtensor");
    }
    if (library && names_xsimd(name) && path != "ops/kernels/simd.hpp") {
      object("only ops/kernels/simd.hpp names xsimd");
    }
    if (library && names_blas(name) && !path.starts_with("ops/kernels/")) {
      object("only a file below ops/kernels/ names BLAS");
    }
    if (library && names_lapack(name) && path != "ops/kernels/lapack_tools.hpp") {
      object("only ops/kernels/lapack_tools.hpp names LAPACK");
    }
  }
  return wrong;
}

/// More than one file that names BLAS is wrong, wherever it is.
Lines blas_violations(const std::map<std::string, Lines>& files) {
  Lines naming;
  for (const auto& [path, lines] : files) {
    const auto includes = includes_of(lines);
    if (std::any_of(includes.begin(), includes.end(),
                    [](const Include& i) { return names_blas(i.name); })) {
      naming.push_back(path + " names BLAS, only one file may");
    }
  }
  return naming.size() > 1 ? naming : Lines{};
}

Lines read_lines(const fs::path& file) {
  std::ifstream in(file);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Our C++ files below the given folders, by their path from the root.
std::map<std::string, Lines> read_tree(const Lines& folders) {
  const fs::path root = TAPEWISE_SOURCE_DIR;
  std::map<std::string, Lines> files;
  for (const std::string& folder : folders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const fs::path& file = entry.path();
      if (file.extension() != ".cpp" && file.extension() != ".hpp") continue;
      files[fs::relative(file, root).generic_string()] = read_lines(file);
    }
  }
  return files;
}

/// "a|b|c", as CMake hands its lists over.
std::set<std::string> split(const std::string& list) {
  std::set<std::string> parts;
  for (std::size_t start = 0; start < list.size();) {
    const std::size_t end = std::min(list.find('|', start), list.size());
    parts.insert(list.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

}  // namespace

TEST_CASE("the layer rules find planted violations") {
  const auto wrong = [](const char* path, const char* line) {
    return violations(path, {"#pragma once", line}).size();
  };

  SUBCASE("downward and sideways is right") {
    CHECK(wrong("autograd/tape.cpp", "#include <tapewise/autograd/tape.hpp>") == 0);
    CHECK(wrong("autograd/passes/cse.cpp", "#include <tapewise/autograd/tape.hpp>") == 0);
    CHECK(wrong("ops/loss.hpp", "#include <tapewise/autograd/var.hpp>") == 0);
    CHECK(wrong("nn/adam.cpp", "#include <tapewise/ops/elementwise.hpp>") == 0);
    CHECK(wrong("lessons/demo.cpp", "#include <tapewise/tapewise.hpp>") == 0);
    CHECK(wrong("tapewise.hpp", "#include <tapewise/nn/linear.hpp>") == 0);
    CHECK(wrong("autograd/tape.cpp", "#include <vector>") == 0);
    CHECK(wrong("autograd/tape.cpp", "// not #include <tapewise/ops/loss.hpp>") == 0);
  }
  SUBCASE("upward is wrong") {
    CHECK(wrong("autograd/tape.cpp", "#include <tapewise/ops/elementwise.hpp>") == 1);
    CHECK(wrong("autograd/passes/cse.cpp", "  #  include <tapewise/ops/kernels/simd.hpp>") == 1);
    CHECK(wrong("ops/loss.cpp", "#include <tapewise/nn/linear.hpp>") == 1);
    CHECK(wrong("nn/linear.cpp", "#include <tapewise/lessons/page.hpp>") == 1);
    CHECK(wrong("nn/linear.cpp", "#include <tapewise/tapewise.hpp>") == 1);
    CHECK(wrong("tapewise.hpp", "#include <tapewise/lessons/page.hpp>") == 1);
  }
  SUBCASE("ways around") {
    CHECK(wrong("autograd/tape.cpp", "#include \"../ops/elementwise.hpp\"") == 1);
    CHECK(wrong("ops/loss.cpp", "#include <tapewise/tests/tools.hpp>") == 1);
  }
  SUBCASE("xtensor, xsimd and BLAS have one place each") {
    CHECK(wrong("autograd/xtensor_bridge.hpp", "#include <xtensor/xarray.hpp>") == 0);
    CHECK(wrong("autograd/var.hpp", "#include <xtensor/xarray.hpp>") == 1);
    CHECK(wrong("nn/data.cpp", "#include <xtensor/xadapt.hpp>") == 1);
    CHECK(wrong("lessons/demo.cpp", "#include <xtensor/xarray.hpp>") == 0);
    CHECK(wrong("ops/kernels/simd.hpp", "#include <xsimd/xsimd.hpp>") == 0);
    CHECK(wrong("ops/kernels/reduce.cpp", "#include <xsimd/xsimd.hpp>") == 1);
    CHECK(wrong("ops/kernels/gemm.cpp", "#include <cblas.h>") == 0);
    CHECK(wrong("ops/linalg.cpp", "#include <cblas.h>") == 1);
    CHECK(wrong("ops/kernels/lapack_tools.hpp", "#include <xflens/cxxlapack/cxxlapack.cxx>") == 0);
    CHECK(wrong("ops/solve.cpp", "#include <xflens/cxxlapack/cxxlapack.cxx>") == 1);
    CHECK(wrong("nn/linear.cpp", "#include <xtensor-blas/xblas.hpp>") == 1);

    const Lines blas = {"#include <cblas.h>"}, none = {"#include <vector>"};
    CHECK(blas_violations({{"ops/kernels/a.cpp", blas}, {"ops/kernels/b.cpp", none}}).empty());
    CHECK(blas_violations({{"ops/kernels/a.cpp", blas}, {"ops/kernels/b.cpp", blas}}).size() == 2);
  }
}

TEST_CASE("the sources keep the layer rules") {
  auto files = read_tree({"autograd", "ops", "nn"});
  REQUIRE_FALSE(files.empty());
  CHECK_MESSAGE(blas_violations(files).empty(), joined(blas_violations(files)));

  files.merge(read_tree({"lessons"}));
  files["tapewise.hpp"] = read_lines(fs::path(TAPEWISE_SOURCE_DIR) / "tapewise.hpp");
  for (const auto& [path, lines] : files) {
    const Lines wrong = violations(path, lines);
    CHECK_MESSAGE(wrong.empty(), joined(wrong));
  }
}

TEST_CASE("public headers begin with #pragma once and include public headers only") {
  const std::set<std::string> headers = split(TAPEWISE_PUBLIC_HEADERS);
  REQUIRE(headers.contains("tapewise.hpp"));
  for (const std::string& header : headers) {
    CAPTURE(header);
    const Lines lines = read_lines(fs::path(TAPEWISE_SOURCE_DIR) / header);
    REQUIRE_FALSE(lines.empty());
    const auto code = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
      return !line.empty() && !line.starts_with("//");
    });
    CHECK((code != lines.end() && *code == "#pragma once"));
    for (const Include& include : includes_of(lines)) {
      if (!include.name.starts_with("tapewise/")) continue;
      CAPTURE(include.name);
      CHECK(headers.contains(include.name.substr(std::string("tapewise/").size())));
    }
  }
}

TEST_CASE("no source and no test is forgotten in the lists of CMake") {
  const std::set<std::string> sources = split(TAPEWISE_SOURCES);
  for (const auto& file : read_tree({"autograd", "ops", "nn"})) {
    if (file.first.ends_with(".cpp")) CHECK_MESSAGE(sources.contains(file.first), file.first);
  }
  const std::set<std::string> tests = split(TAPEWISE_TEST_FILES);
  for (const auto& file : read_tree({"tests"})) {
    const std::string name = file.first.substr(std::string("tests/").size());
    if (name == "main.cpp" || name.starts_with("consumer/") || !name.ends_with(".cpp")) continue;
    CHECK_MESSAGE(tests.contains(name), file.first);
  }
}
