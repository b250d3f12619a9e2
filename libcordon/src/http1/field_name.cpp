#include "http1/field_name.hpp"

#include <array>
#include <cstddef>

namespace cordon::http1 {

namespace {

struct Known {
  std::string_view name;
  FieldName id;
};

// Sorted by length, so that most names are told apart by it alone, and in the spelling that needs no folding of case.
constexpr Known kKnown[] = {
    {"TE", FieldName::te},
    {"Host", FieldName::host},
    {"Cookie", FieldName::cookie},
    {"Expect", FieldName::expect},
    {"Trailer", FieldName::trailer},
    {"Upgrade", FieldName::upgrade},
    {"Connection", FieldName::connection},
    {"Keep-Alive", FieldName::keep_alive},
    {"Authorization", FieldName::authorization},
    {"Content-Length", FieldName::content_length},
    {"HTTP2-Settings", FieldName::http2_settings},
    {"Sec-WebSocket-Key", FieldName::sec_websocket_key},
    {"Transfer-Encoding", FieldName::transfer_encoding},
    {"Proxy-Authorization", FieldName::proxy_authorization},
    {"Sec-WebSocket-Accept", FieldName::sec_websocket_accept},
};
constexpr std::size_t kLongest = 20;
constexpr std::string_view kProxyPrefix = "Proxy-";

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
  if (name.size() <= kLongest) {
    for (std::size_t i = kFirst[name.size()]; i < kFirst[name.size() + 1]; ++i) {
      if (equals_ignoring_case(kKnown[i].name, name)) return kKnown[i].id;
    }
  }
  const bool is_proxy = equals_ignoring_case(name.substr(0, kProxyPrefix.size()), kProxyPrefix);
  return is_proxy ? FieldName::proxy : FieldName::other;
}

}  // namespace cordon::http1
