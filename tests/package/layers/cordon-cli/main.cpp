#include <CLI/CLI.hpp>
#include <openssl/ssl.h>

#include <cordon/good.hpp>

#include "base/bytes.hpp"
#include "../libcordon/src/base/bytes.hpp"
#include "command.hpp"
