#include "bytes.hpp"
