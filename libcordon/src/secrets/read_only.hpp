// What to do about a secret that lies where Cordon only reads.
#pragma once

#include <string>

#include <cordon/config.hpp>

namespace cordon::secrets {

/// How the owner of the secret that `ref` names changes or removes it, as the context of not_supported. Holds nothing secret.
std::string how_to_change(const SecretRef& ref);

}  // namespace cordon::secrets
