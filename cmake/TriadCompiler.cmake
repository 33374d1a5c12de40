# Compiler options of every triad target, as the interface target triad_options.
add_library(triad_options INTERFACE)
target_include_directories(triad_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(
  triad_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                          $<$<BOOL:${TRIAD_WERROR}>:-Werror>
                          # Designated initialisers leave the other members at their defaults on purpose.
                          -Wno-missing-field-initializers
                          # Floating point must not depend on what the compiler happens to contract: results are
                          # compared bit for bit across resume, accumulation and builds.
                          -ffp-contract=off)
if(TRIAD_SANITIZE)
  # Instrumented code misleads GCC's flow analysis (in std::regex, for one); builds without sanitizers keep that warning.
  target_compile_options(triad_options INTERFACE -fsanitize=${TRIAD_SANITIZE} -fno-omit-frame-pointer
                                                 -fno-sanitize-recover=all $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(triad_options INTERFACE -fsanitize=${TRIAD_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache asks for before it trusts a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND NOT TRIAD_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()
