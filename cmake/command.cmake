# The command `tapewise` and what it is made of, a library of its own so that tests can call it.
find_package(pegtl REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(cairo REQUIRED IMPORTED_TARGET cairo)

add_library(
  tapewise_lessons STATIC
  lessons/command/check.cpp
  lessons/command/completion.cpp
  lessons/command/graphviz.cpp
  lessons/command/lesson.cpp
  lessons/command/ops.cpp
  lessons/command/options.cpp
  lessons/command/page.cpp
  lessons/command/picture.cpp
  lessons/command/plot.cpp
  lessons/command/step.cpp
  lessons/expression/arguments.cpp
  lessons/expression/descent.cpp
  lessons/expression/functions.cpp
  lessons/expression/networks.cpp
  lessons/expression/parameters.cpp
  lessons/expression/parse.cpp
  lessons/expression/record.cpp
  lessons/expression/session.cpp
  lessons/expression/structured.cpp
  lessons/lectures/behaviours.cpp
  lessons/lectures/costs.cpp
  lessons/lectures/engine.cpp
  lessons/lectures/lesson.cpp
  lessons/lectures/units.cpp
  lessons/lectures/worked.cpp
  lessons/lectures/write.cpp)
# The engine of the page is built in lessons/page and copied in as it is.
set(engine "${CMAKE_CURRENT_SOURCE_DIR}/lessons/page/dist/engine.txt")
set_source_files_properties(
  lessons/command/page.cpp PROPERTIES COMPILE_DEFINITIONS "TAPEWISE_ENGINE=\"${engine}\""
                                      OBJECT_DEPENDS "${engine}")
target_link_libraries(tapewise_lessons PUBLIC tapewise::tapewise
                      PRIVATE taocpp::pegtl nlohmann_json::nlohmann_json PkgConfig::cairo)
tapewise_compile_options(tapewise_lessons)

# Its file is called `tapewise`, as the library's target is already.
add_executable(tapewise_command lessons/command/main.cpp)
set_target_properties(tapewise_command PROPERTIES OUTPUT_NAME tapewise)
target_compile_definitions(tapewise_command PRIVATE "TAPEWISE_VERSION=\"${PROJECT_VERSION}\"")
target_link_libraries(tapewise_command PRIVATE tapewise_lessons)
tapewise_compile_options(tapewise_command)
if(TAPEWISE_INSTALL AND TAPEWISE_COMMAND)
  install(TARGETS tapewise_command)
endif()
