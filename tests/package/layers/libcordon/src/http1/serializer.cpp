#include <llhttp.h>
#include <sys/socket.h>

#include "config/missing.hpp"
#include "net/socket.hpp"
