#include "http1/field_name.hpp"

#include <array>
#include <cstddef>

#include "http1/ascii.hpp"

namespace cordon::http1 {

namespace {

struct Known {
  std::string_view name;
  FieldName id;
};

// Sorted by length, so that most names are told apart by it alone.
constexpr Known kKnown[] = {
    {"te", FieldName::te},
    {"host", FieldName::host},
    {"cookie", FieldName::cookie},
    {"expect", FieldName::expect},
    {"trailer", FieldName::trailer},
    {"upgrade", FieldName::upgrade},
    {"connection", FieldName::connection},
    {"keep-alive", FieldName::keep_alive},
    {"authorization", FieldName::authorization},
    {"content-length", FieldName::content_length},
    {"http2-settings", FieldName::http2_settings},
    {"sec-websocket-key", FieldName::sec_websocket_key},
    {"transfer-encoding", FieldName::transfer_encoding},
    {"proxy-authorization", FieldName::proxy_authorization},
    {"sec-websocket-accept", FieldName::sec_websocket_accept},
};
constexpr std::size_t kLongest = 20;
constexpr std::string_view kProxyPrefix = "proxy-";

/// kFirst[n] is the index of the first known name of n characters or more.
constexpr std::array<unsigned char, kLongest + 2> make_first() noexcept {
  std::array<unsigned char, kLongest + 2> first{};
  for (std::size_t length = 0; length < first.size(); ++length) {
    while (first[length] < std::size(kKnown) && kKnown[first[length]].name.size() < length)
      ++first[length];
  }
  return first;
}
constexpr auto kFirst = make_first();

}  // namespace

FieldName classify(std::string_view name) noexcept {
  if (name.empty()) return FieldName::other;
  const char initial = to_lower(name.front());
  if (name.size() <= kLongest) {
    for (std::size_t i = kFirst[name.size()]; i < kFirst[name.size() + 1]; ++i) {
      if (kKnown[i].name.front() == initial && equals_ignoring_case(kKnown[i].name, name)) return kKnown[i].id;
    }
  }
  const bool is_proxy = initial == 'p' && equals_ignoring_case(name.substr(0, kProxyPrefix.size()), kProxyPrefix);
  return is_proxy ? FieldName::proxy : FieldName::other;
}

}  // namespace cordon::http1
