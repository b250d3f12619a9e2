#include <unistd.h>

#include <fmt/format.h>

#include "base/bytes.hpp"
