// Listeners as commands show them. No secret is ever in it: what stands for one is where it lies.
#pragma once

#include <string>
#include <string_view>

#include <cordon/config.hpp>

#include "json_output.hpp"

namespace cordon::cli {

/// `db.example.com:5432`, `[fd00::5]:5432`.
std::string upstream_text(const Listener& listener);

/// `accept`, `verify-full`: the words of the config file.
std::string_view word_of(ClientTls tls);
std::string_view word_of(UpstreamTls tls);

/// What the listener allows beyond what is usual, such as `weak authentication`; empty: nothing.
std::string allowances_text(const Listener& listener);

Json json_of(const Listener& listener);

}  // namespace cordon::cli
