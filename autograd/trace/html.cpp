#include <tapewise/autograd/trace/html.hpp>

#include <fstream>
#include <tapewise/autograd/error.hpp>

// The page as it is built in lessons/page, copied into the library by the assembler: a string
// literal of that length would slow every build down.
asm(".section .rodata\n"
    ".global tapewise_page_begin\n.global tapewise_page_end\n"
    "tapewise_page_begin:\n.incbin \"" TAPEWISE_PAGE
    "\"\n"
    "tapewise_page_end:\n.byte 0\n.text\n");
extern "C" const char tapewise_page_begin[], tapewise_page_end[];

namespace tapewise {

namespace {

/// Copies `page` up to `mark` to `html`; returns what comes after it.
std::string_view copy_up_to(std::string_view mark, std::string_view page, std::string& html) {
  const std::size_t at = page.find(mark);
  if (at == std::string_view::npos) throw Error("[html] the page has no " + std::string(mark));
  html += page.substr(0, at);
  return page.substr(at + mark.size());
}

}  // namespace

std::string html_page(std::string_view json, std::string_view engine) {
  std::string_view page(tapewise_page_begin,
                        static_cast<std::size_t>(tapewise_page_end - tapewise_page_begin));
  std::string html;
  html.reserve(page.size() + engine.size() + json.size() + 200);
  page = copy_up_to("<!--engine-->", page, html);
  if (!engine.empty()) {
    html += "<script id=\"engine\" type=\"text/plain\">";
    html += engine;
    html += "</script>";
  }
  page = copy_up_to("<!--trace-->", page, html);
  html += "<script id=\"trace\" type=\"application/json\">";
  for (const char c : json) {  // text of a node must not end the element
    if (c == '<')
      html += "\\u003c";
    else
      html += c;
  }
  html += "</script>";
  html += page;
  return html;
}

void write_html(const Trace& trace, const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  out << html_page(to_json(trace, {.latex = false}));
  out.close();
  if (!out) throw IoError("[html] cannot write " + path);
}

void write_html(const Var& output, const std::string& path) {
  write_html(make_trace(output), path);
}

}  // namespace tapewise
