// Why a session does not come about, in the form in which it goes to the client: an SQLSTATE (the manual's appendix A) and
// a sentence of ours. Never the origin's text, never the name of the real role.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon::postgres {

/// Five digits and upper-case letters.
class SqlState {
 public:
  /// From a literal of this program.
  consteval explicit SqlState(const char (&text)[6]) {
    for (std::size_t i = 0; i < text_.size(); ++i)
      text_[i] = text[i];
  }

  /// From a peer's text; nothing when it is none.
  static std::optional<SqlState> parse(std::string_view text) noexcept;

  std::string_view view() const noexcept { return {text_.data(), text_.size()}; }

  friend constexpr bool operator==(const SqlState&, const SqlState&) = default;

 private:
  SqlState() = default;

  std::array<char, 5> text_{};
};

// Those that Cordon says itself, under the manual's condition names.
inline constexpr SqlState kUnableToConnect{"08001"};  ///< sqlclient_unable_to_establish_sqlconnection
inline constexpr SqlState kProtocolViolation{"08P01"};
inline constexpr SqlState kFeatureNotSupported{"0A000"};
inline constexpr SqlState kInvalidAuthorization{"28000"};  ///< invalid_authorization_specification
inline constexpr SqlState kInvalidPassword{"28P01"};
inline constexpr SqlState kInvalidCatalogName{"3D000"};  ///< The database does not exist.
inline constexpr SqlState kTooManyConnections{"53300"};
inline constexpr SqlState kCannotConnectNow{"57P03"};
inline constexpr SqlState kInternalError{"XX000"};

/// A decision against a session.
struct Refusal {
  /// Who decided: Cordon, about bytes that it read, or the origin, in an ErrorResponse.
  enum class By : unsigned char { cordon, origin };

  SqlState sqlstate = kInternalError;
  std::string_view sentence;  ///< Without a full stop; lives for ever.
  By by = By::cordon;

  /// Whether the origin did not accept role or password: the secret may have been rotated, so drop it and try once more.
  /// A refusal by Cordon is never one, whatever its SQLSTATE.
  bool means_wrong_credentials() const noexcept {
    return by == By::origin && (sqlstate == kInvalidPassword || sqlstate == kInvalidAuthorization);
  }
};

/// A T, or why there is none.
template <class T = void>
using Accepted = std::expected<T, Refusal>;

/// Makes the failing side of an Accepted<T>, decided by Cordon. `sentence` must live for ever.
inline std::unexpected<Refusal> refuse(SqlState sqlstate, std::string_view sentence) {
  return std::unexpected(Refusal{sqlstate, sentence, Refusal::By::cordon});
}

/// What a login that the origin ended with `sqlstate` is refused with: its SQLSTATE, and the sentence of a table.
Refusal refusal_by_origin(SqlState sqlstate) noexcept;

/// The text for the client: the sentence, and where the database does not exist, its name as the client gave it.
std::string message_for_client(const Refusal& refusal, std::string_view client_database);

}  // namespace cordon::postgres
