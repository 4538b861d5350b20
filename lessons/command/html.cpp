#include <tapewise/lessons/command/html.hpp>

#include <tapewise/autograd/error.hpp>

namespace tapewise::lessons {

std::string write_html(const std::string&) {
  throw Error("[html] the page is not part of this build: take --json, --svg or --markdown");
}

}  // namespace tapewise::lessons
