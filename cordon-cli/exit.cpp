#include "exit.hpp"

#include <algorithm>

namespace cordon::cli {

Exit exit_of(std::span<const Error> errors) {
  const bool temporary = std::ranges::all_of(errors, [](const Error& error) {
    return error.code == Errc::store_unavailable || error.code == Errc::secret_timeout;
  });
  return temporary ? Exit::store_unavailable : Exit::failed;
}

}  // namespace cordon::cli
