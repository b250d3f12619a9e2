#include "postgres/refusal.hpp"

#include <algorithm>

namespace cordon::postgres {

namespace {

struct Explanation {
  std::string_view prefix;  ///< Of the SQLSTATE: a whole one, or a class.
  std::string_view sentence;
};

// The first row that fits counts.
constexpr Explanation kByOrigin[] = {
    {"28P01", "the server refused the password that Cordon put in"},
    {"28",
     "the server does not let this session in: its pg_hba.conf has no entry for it, or it refused the role or its "
     "certificate"},
    {"53300", "the server has no connection left"},
    {"53", "the server is short of resources"},
    {"3D000", "the database does not exist"},
    {"42501", "the role may not connect to this database"},
    {"55000", "the database does not accept connections now"},
    {"57P01", "the server is shutting down"},
    {"57P02", "the server is restarting after a crash"},
    {"57P03", "the server does not accept connections now"},
    {"57", "the server ended the session"},
    {"0A000", "the server does not support what the client asks for"},
    {"08P01", "the server could not read what the client asks for"},
    {"22", "the server refused a parameter of the session"},
    {"42704", "the server does not know a parameter of the session"},
    {"42", "the server refused a parameter of the session"},
    {"", "the server refused the session"},
};

constexpr bool is_sqlstate_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::optional<SqlState> SqlState::parse(std::string_view text) noexcept {
  SqlState state;
  if (text.size() != state.text_.size() || !std::ranges::all_of(text, is_sqlstate_character)) return std::nullopt;
  std::ranges::copy(text, state.text_.begin());
  return state;
}

Refusal refusal_by_origin(SqlState sqlstate) noexcept {
  const auto* row = std::ranges::find_if(
      kByOrigin, [&](const Explanation& explanation) { return sqlstate.view().starts_with(explanation.prefix); });
  return {sqlstate, row->sentence, Refusal::By::origin};
}

std::string message_for_client(const Refusal& refusal, std::string_view client_database) {
  if (refusal.sqlstate != kInvalidCatalogName) return std::string(refusal.sentence);
  return "database \"" + std::string(client_database) + "\" does not exist";
}

}  // namespace cordon::postgres
