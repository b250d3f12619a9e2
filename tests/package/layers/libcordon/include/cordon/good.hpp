#include <cstdint>

#include <cordon/other.hpp>
