// Asio's one separate compilation (ASIO_SEPARATE_COMPILATION): everything else includes declarations only.
#include <asio/impl/src.hpp>
