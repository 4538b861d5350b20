#include <tapewise/lessons/command/page.hpp>

#include <tapewise/autograd/trace/html.hpp>

// The packed engine as it is built in lessons/page, copied by the assembler as the page is.
asm(".section .rodata\n"
    ".global tapewise_engine_begin\n.global tapewise_engine_end\n"
    "tapewise_engine_begin:\n.incbin \"" TAPEWISE_ENGINE
    "\"\n"
    "tapewise_engine_end:\n.byte 0\n.text\n");
extern "C" const char tapewise_engine_begin[], tapewise_engine_end[];

namespace tapewise::lessons {

std::string editable_page(std::string_view json) {
  return html_page(json, {tapewise_engine_begin,
                          static_cast<std::size_t>(tapewise_engine_end - tapewise_engine_begin)});
}

}  // namespace tapewise::lessons
