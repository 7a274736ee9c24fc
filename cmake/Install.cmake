# What `cmake --install` lays down: the prun command, the static library, its headers, the CMake package.
include(CMakePackageConfigHelpers)

install(TARGETS prun EXPORT prunTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/prun" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/prun")
install(EXPORT prunTargets NAMESPACE prun:: DESTINATION ${package_dir})
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/prunConfig.cmake.in" "${PROJECT_BINARY_DIR}/prunConfig.cmake"
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/prunConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/prunConfig.cmake" "${PROJECT_BINARY_DIR}/prunConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindSodium.cmake" "${PROJECT_SOURCE_DIR}/cmake/FindLZ4.cmake"
        DESTINATION ${package_dir})

if(PRUN_BUILD_LAUNCHER)
  install(TARGETS prun_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(TARGETS prun_agent RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/prun)
endif()
