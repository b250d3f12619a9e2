#include "http1/message.hpp"

#include "http1/ascii.hpp"

namespace cordon::http1 {

namespace {

std::string_view first_value(const std::vector<Field>& fields, FieldName id) noexcept {
  for (const Field& field : fields) {
    if (field.id == id) return field.value;
  }
  return {};
}

}  // namespace

std::string_view RequestHead::value_of(FieldName id) const noexcept {
  return first_value(fields, id);
}

std::string_view ResponseHead::value_of(FieldName id) const noexcept {
  return first_value(fields, id);
}

bool has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    if (equals_ignoring_case(next_list_item(list), token)) return true;
  }
  return false;
}

}  // namespace cordon::http1
