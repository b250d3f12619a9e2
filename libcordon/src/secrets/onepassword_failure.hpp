// Why `op` failed, told from what it says on standard error and never by repeating that.
#pragma once

#include <cstddef>
#include <string_view>

#include <cordon/config.hpp>
#include <cordon/error.hpp>

namespace cordon::secrets {

/// How much of `op`'s standard error is worth reading: its message comes first.
constexpr std::size_t kMaxOpErrors = 4096;

/// What is wrong and the command to run next, when `errors` has the words of a failure that is known: secret_missing for
/// what does not exist or is not unique, store_unavailable for the rest. Any other failure, one without a word
/// included, is store_unavailable with the exit code. No part of `errors` is ever in the result.
Error explain_op_failure(std::string_view errors, int exit_code, const OnePasswordRef& ref);

}  // namespace cordon::secrets
