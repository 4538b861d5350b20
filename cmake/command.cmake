# The command `tapewise` and what it is made of, a library of its own so that tests can call it.
find_package(pegtl REQUIRED)

add_library(tapewise_lessons STATIC lessons/expression/functions.cpp lessons/expression/parse.cpp
                                    lessons/expression/record.cpp)
target_link_libraries(tapewise_lessons PUBLIC tapewise::tapewise
                      PRIVATE taocpp::pegtl nlohmann_json::nlohmann_json)
tapewise_compile_options(tapewise_lessons)
