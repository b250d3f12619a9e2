#include <toml++/toml.h>

#include "base/bytes.hpp"
