#include "http1/trailers.hpp"

#include <algorithm>

namespace cordon::http1 {

namespace {

// Besides everything that has a FieldName.
constexpr std::string_view kHeadOnly[] = {
    "content-encoding", "content-range", "content-type", "location", "range", "set-cookie", "www-authenticate",
};

}  // namespace

bool may_be_trailer(const Field& field) noexcept {
  return field.id == FieldName::other &&
         std::ranges::none_of(kHeadOnly, [&](std::string_view name) { return equals_ignoring_case(name, field.name); });
}

}  // namespace cordon::http1
