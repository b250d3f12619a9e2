#include <fmt/format.h>
#include <unistd.h>

#include <vector>

#include <cordon/good.hpp>
// #include "net/socket.hpp" in a comment is no include
