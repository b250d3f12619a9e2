# Fails when an #include below ROOT/src breaks ROOT/layers.txt. Run as: cmake -D ROOT=libcordon -P cmake/CheckLayers.cmake
message(FATAL_ERROR "replaced next commit")
