# Third-party libraries. Each is in Debian; docs/decisions/0002-dependencies.md says why it was chosen.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(dnnl CONFIG REQUIRED)
find_package(hwy CONFIG REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(sndfile REQUIRED IMPORTED_TARGET sndfile)
pkg_check_modules(samplerate REQUIRED IMPORTED_TARGET samplerate)
# Debian 13: needs libprotobuf-dev, which libsentencepiece-dev does not bring.
pkg_check_modules(sentencepiece REQUIRED IMPORTED_TARGET sentencepiece)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(kissfft REQUIRED IMPORTED_TARGET kissfft-float)

# The OpenMP flavour of OpenBLAS by its own path: the pthread flavour, which other packages pull in as the default
# alternative, brings a second thread pool that fights with ours (docs/decisions/0002-dependencies.md).
find_library(TRIAD_OPENBLAS openblas PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp NO_DEFAULT_PATH
                                           REQUIRED)
get_filename_component(TRIAD_OPENBLAS_DIR ${TRIAD_OPENBLAS} DIRECTORY)
add_library(triad_openblas INTERFACE)
target_link_libraries(triad_openblas INTERFACE ${TRIAD_OPENBLAS})
target_include_directories(triad_openblas SYSTEM
                           INTERFACE /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp)
list(APPEND CMAKE_BUILD_RPATH ${TRIAD_OPENBLAS_DIR})
list(APPEND CMAKE_INSTALL_RPATH ${TRIAD_OPENBLAS_DIR} $ORIGIN $ORIGIN/../${CMAKE_INSTALL_LIBDIR})

set(TRIAD_WITH_MPI OFF)
if(TRIAD_MPI STREQUAL "ON")
  find_package(MPI REQUIRED COMPONENTS C)
elseif(TRIAD_MPI STREQUAL "AUTO")
  find_package(MPI COMPONENTS C)
elseif(NOT TRIAD_MPI STREQUAL "OFF")
  message(FATAL_ERROR "TRIAD_MPI is ON, OFF or AUTO, not ${TRIAD_MPI}")
endif()
if(TARGET MPI::MPI_C)
  set(TRIAD_WITH_MPI ON)
endif()
