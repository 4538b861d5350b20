include(CMakePackageConfigHelpers)

install(TARGETS tapewise EXPORT tapewise)
foreach(header IN LISTS TAPEWISE_PUBLIC_HEADERS)
  cmake_path(GET header PARENT_PATH folder)
  install(FILES "${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/tapewise/${folder}")
endforeach()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tapewise")
get_target_property(library_type tapewise TYPE)
configure_package_config_file(cmake/tapewiseConfig.cmake.in tapewiseConfig.cmake
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(tapewiseConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT tapewise NAMESPACE tapewise:: FILE tapewiseTargets.cmake
        DESTINATION "${package_dir}")
install(FILES "${PROJECT_BINARY_DIR}/tapewiseConfig.cmake"
              "${PROJECT_BINARY_DIR}/tapewiseConfigVersion.cmake" cmake/openblas.cmake
        DESTINATION "${package_dir}")
