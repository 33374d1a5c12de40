# triad_layer(NAME FOLDER [PRECOMPILE GROUP] [DEPENDS LAYER…] [LIBRARIES LIB…])
#
# One target for a folder of the architecture: every .cpp below triad/FOLDER that no other layer claims. Layers are
# object libraries, so that registrations of kernels and op specifications are never dropped by the linker; together
# they make libtriad. DEPENDS names the layers below; scripts/check-includes holds the #include lines to the same order.
# PRECOMPILE: with triad_precompile(); layers of a group have the same options (OpenMP, level of optimisation).
define_property(GLOBAL PROPERTY TRIAD_LAYERS BRIEF_DOCS "layers in order" FULL_DOCS "layers in order")
function(triad_layer name folder)
  cmake_parse_arguments(ARG "" "PRECOMPILE" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  get_property(claimed GLOBAL PROPERTY TRIAD_CLAIMED_FOLDERS)
  foreach(inner IN LISTS claimed)
    list(FILTER sources EXCLUDE REGEX "^${inner}/")
  endforeach()
  set_property(GLOBAL APPEND PROPERTY TRIAD_CLAIMED_FOLDERS ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
  list(FILTER sources EXCLUDE REGEX "_main\\.cpp$")
  if(NOT sources)
    message(FATAL_ERROR "triad_layer(${name}): no sources in ${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
  endif()
  add_library(triad_${name} OBJECT ${sources})
  target_link_libraries(triad_${name} PUBLIC triad_options ${ARG_LIBRARIES})
  foreach(layer IN LISTS ARG_DEPENDS)
    if(NOT TARGET triad_${layer})
      message(FATAL_ERROR "triad_layer(${name}): no layer ${layer} below it")
    endif()
    target_link_libraries(triad_${name} PUBLIC triad_${layer})
  endforeach()
  if(ARG_PRECOMPILE)
    triad_precompile(triad_${name} ${ARG_PRECOMPILE})
  endif()
  set_property(GLOBAL APPEND PROPERTY TRIAD_LAYERS ${name})
endfunction()

# triad_precompile(TARGET GROUP HEADER…): parses headers of the standard library, and those named, once for all targets of a
# group instead of once a source. Targets of a group are compiled with the same options. Sources include what they use all
# the same: builds without it (TRIAD_PRECOMPILE=OFF) must work.
function(triad_precompile target group)
  if(NOT TRIAD_PRECOMPILE)
    return()
  endif()
  get_property(owner GLOBAL PROPERTY TRIAD_PRECOMPILED_${group})
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    set(standard algorithm array cmath filesystem fstream functional iostream map memory mutex numeric optional set span
                 sstream string string_view thread unordered_map variant vector)
    list(TRANSFORM standard REPLACE "(.+)" "<\\1>")
    target_precompile_headers(${target} PRIVATE ${standard} ${ARGN})
    set_property(GLOBAL PROPERTY TRIAD_PRECOMPILED_${group} ${target})
  endif()
  # Lets ccache see through it.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# triad_quick(TARGET): for code that runs once and that nobody waits for, but for its compilation.
function(triad_quick target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# triad_program(KIND FOLDER LIBRARY): one program from every .cpp in the folder below the present one, named KIND_FOLDER with
# underscores. The name is left in triad_program.
function(triad_program kind folder library)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "triad_program(${kind} ${folder}): no sources in ${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
  endif()
  string(REPLACE "/" "_" name ${kind}_${folder})
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${library})
  set(triad_program ${name} PARENT_SCOPE)
endfunction()

# triad_test_options(TARGET): of code of tests. What the programs share is position-independent in another way than they.
function(triad_test_options target)
  triad_quick(${target})
  get_target_property(kind ${target} TYPE)
  triad_precompile(${target} test_${kind} <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

# triad_test(FOLDER): the GoogleTest program of tests/FOLDER.
function(triad_test folder)
  triad_program(test ${folder} triad_test_harness)
  triad_test_options(${triad_program})
  add_test(NAME ${triad_program} COMMAND ${triad_program})
endfunction()
