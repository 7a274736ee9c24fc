# What `cmake --install` lays down: the prun command, the static library, its headers, the CMake package.
if(PRUN_AGENT_ONLY)
  install(TARGETS prun_agent prun_tune RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/prun)
  return()
endif()
include(CMakePackageConfigHelpers)

install(TARGETS prun EXPORT prunTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(CODE "
  if(CMAKE_INSTALL_CONFIG_NAME STREQUAL \"Release\")
    set(ARCHIVE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:prun>\")
    set(LINKER \"${CMAKE_LINKER}\")
    set(STRIP \"${CMAKE_STRIP}\")
    set(AR \"${CMAKE_AR}\")
    include(\"${PROJECT_SOURCE_DIR}/cmake/JoinArchive.cmake\")
  endif()")
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
  install(TARGETS prun_command prun_tune RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES "${PROJECT_SOURCE_DIR}/docs/man/prun.1" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
          RENAME "${PRUN_LAUNCHER_NAME}.1")
  if(PRUN_LAUNCHER_NAME STREQUAL "prun")  # under another name they would complete a stranger's prun
    install(FILES "${PROJECT_SOURCE_DIR}/launcher/completion/prun.bash"
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME prun)
    install(FILES "${PROJECT_SOURCE_DIR}/launcher/completion/_prun" DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  endif()
  # What was built for other processors goes along.
  install(DIRECTORY "${PRUN_AGENT_DIR}/" DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/prun OPTIONAL USE_SOURCE_PERMISSIONS
          FILES_MATCHING PATTERN "prun-agent-*" PATTERN "prun-tune-*" PATTERN tests EXCLUDE)
  install(TARGETS prun_agent RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/prun)
endif()
