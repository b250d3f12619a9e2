// Puts a new CA in the place of another.
#pragma once

#include <cordon/ca_manager.hpp>
#include <cordon/error.hpp>

namespace cordon::ca {

/// Makes a new CA at `paths`, in the place of the one that is there, if any, usable or not. Two files cannot be replaced in
/// one step, so the new key is first put beside the old one, the certificate is replaced, and then the key. Up to the
/// second of these steps the old CA is whole; after it whoever opens the CA finishes the third (finish_replacement).
/// @returns as CaManager::rotate
Result<> replace_root(const CaPaths& paths, const CaOptions& options);

/// Finishes, once nobody else is at it, a replacement that ended before its last step: the key that lies beside the old one
/// takes its place if it is that of the certificate. Does nothing otherwise, and when it cannot.
void finish_replacement(const CaPaths& paths);

}  // namespace cordon::ca
