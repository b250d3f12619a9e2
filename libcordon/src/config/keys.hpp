// The keys of cordon.toml. Each function reads the value of one key; what each key means is in docs/config.md.
#pragma once

#include <cordon/config.hpp>

#include "config/reading.hpp"

namespace cordon::config {

void read_root(const Value& root, Config& out);

void read_routes(const Value& value, Config& out);     ///< [[routes]]
void read_listeners(const Value& value, Config& out);  ///< [[listeners]]
void read_services(const Value& value, Config& out);   ///< [[services]], the older spelling of [[listeners]].
void read_secret(const Value& value, SecretRef& out);  ///< [...auth.secret]

}  // namespace cordon::config
