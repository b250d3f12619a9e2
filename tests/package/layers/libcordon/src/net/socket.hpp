#include <sys/socket.h>

#include <asio/ip/tcp.hpp>

#include "base/bytes.hpp"
