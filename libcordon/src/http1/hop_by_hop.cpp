#include "http1/hop_by_hop.hpp"

#include "http1/ascii.hpp"

namespace cordon::http1 {

namespace {

using Fields = std::vector<Field>;

void drop_named(Fields& fields, std::string_view name) noexcept {
  if (name.empty()) return;
  for (Field& field : fields) {
    field.dropped = field.dropped || equals_ignoring_case(field.name, name);
  }
}

/// Every field that a Connection field names. The parser bounds their number.
void drop_nominated(Fields& fields) noexcept {
  for (const Field& field : fields) {
    if (field.id != FieldName::connection) continue;
    std::string_view options = field.value;
    while (!options.empty())
      drop_named(fields, next_list_item(options));
  }
}

/// Whether fields called `id` never pass to the next hop.
bool is_hop_by_hop(FieldName id) noexcept {
  switch (id) {
    case FieldName::connection:
    case FieldName::content_length:
    case FieldName::http2_settings:
    case FieldName::keep_alive:
    case FieldName::proxy:
    case FieldName::proxy_authorization:
    case FieldName::te:
    case FieldName::transfer_encoding:
    case FieldName::upgrade:
      return true;
    default:
      return false;
  }
}

void drop(Fields& fields, const Framing& framing) noexcept {
  drop_nominated(fields);
  const bool keeps_trailer = framing.kind == Framing::Kind::chunked;
  for (Field& field : fields) {
    field.dropped = field.dropped || is_hop_by_hop(field.id) || (field.id == FieldName::trailer && !keeps_trailer);
  }
}

/// The length of a body that is not sent: an answer to HEAD, or 304 (RFC 9110, section 8.6).
bool tells_length_only(const ResponseHead& response) noexcept {
  return response.framing.kind == Framing::Kind::none && response.status >= 200 && response.status != 204;
}

}  // namespace

void drop_hop_by_hop(RequestHead& request) noexcept {
  drop(request.fields, request.framing);
}

void drop_hop_by_hop(ResponseHead& response) noexcept {
  drop(response.fields, response.framing);
  if (!tells_length_only(response)) return;
  for (Field& field : response.fields) {
    if (field.id == FieldName::content_length) field.dropped = false;
  }
}

}  // namespace cordon::http1
