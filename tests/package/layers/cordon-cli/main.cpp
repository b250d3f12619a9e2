#include <openssl/ssl.h>
#include <CLI/CLI.hpp>

#include <cordon/good.hpp>

#include "../libcordon/src/base/bytes.hpp"
#include "base/bytes.hpp"
#include "command.hpp"
