#include "net/socket.hpp"
