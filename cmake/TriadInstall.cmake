# Installs the library, its headers and the package file, so that find_package(triad) gives triad::triad.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS triad EXPORT triadTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
# Headers that need more than the standard library and each other stay behind: what kernels are made of, and what holds
# a library of somebody else.
install(
  DIRECTORY ${PROJECT_SOURCE_DIR}/triad
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*-inl.h" EXCLUDE
  PATTERN "*_cpu.h" EXCLUDE
  PATTERN "core/cpu" EXCLUDE
  PATTERN "bench" EXCLUDE
  PATTERN "formats/hdf5_session.h" EXCLUDE
  PATTERN "config/binder.h" EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/triad/core/cpu/parallel.h ${PROJECT_SOURCE_DIR}/triad/core/cpu/wait_policy.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/triad/core/cpu)
install(EXPORT triadTargets NAMESPACE triad:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/triad)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/triadConfig.cmake.in ${PROJECT_BINARY_DIR}/triadConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/triad)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/triadConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/triadConfig.cmake ${PROJECT_BINARY_DIR}/triadConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/triad)
