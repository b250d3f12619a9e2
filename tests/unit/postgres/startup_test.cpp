#include "postgres/startup.hpp"

#include <gtest/gtest.h>

#include <string>

#include "postgres/frame.hpp"
#include "support/allocation_count.hpp"

namespace cordon::postgres {
namespace {

using namespace std::literals;

std::string packet(std::string_view content) {
  return std::string(Int32(static_cast<std::uint32_t>(content.size() + 4)).view()) + std::string(content);
}

std::string startup(std::string_view parameters) {
  return packet("\0\x03\0\0"s + std::string(parameters));
}

Accepted<std::optional<StartupPacket>> parse(std::string_view text) {
  base::ConstBytes input = base::as_bytes(text);
  return next_startup_packet(input);
}

StartupMessage message(std::string_view text) {
  return std::get<StartupMessage>(parse(text).value().value());
}

std::string sqlstate_of(std::string_view text) {
  const auto result = parse(text);
  return result ? "" : std::string(result.error().sqlstate.view());
}

std::string composed(std::string_view client, std::string_view role) {
  base::WipedBuffer out;
  EXPECT_TRUE(compose_startup_message(message(client), role, out));
  return std::string(out.view());
}

TEST(PostgresStartup, ReadsTheRequests) {
  EXPECT_TRUE(std::holds_alternative<SSLRequest>(parse("\0\0\0\x08\x04\xd2\x16\x2f"sv).value().value()));
  EXPECT_TRUE(std::holds_alternative<GSSENCRequest>(parse("\0\0\0\x08\x04\xd2\x16\x30"sv).value().value()));
}

// PG3: the caller sees what follows.
TEST(PostgresStartup, LeavesWhatFollowsARequest) {
  base::ConstBytes input = base::as_bytes("\0\0\0\x08\x04\xd2\x16\x2fmore"sv);
  ASSERT_TRUE(next_startup_packet(input));
  EXPECT_EQ(base::as_text(input), "more");
}

TEST(PostgresStartup, RefusesARequestThatIsTooLong) {
  EXPECT_EQ(sqlstate_of(packet("\x04\xd2\x16\x2f\0"sv)), "08P01");
  EXPECT_EQ(sqlstate_of(packet("\x04\xd2\x16\x30more"sv)), "08P01");
}

// PG17: byte by byte.
TEST(PostgresStartup, TakesNothingOfAnIncompletePacket) {
  const std::string text = startup("user\0alice\0\0"sv);
  for (std::size_t size = 0; size < text.size(); ++size) {
    base::ConstBytes input = base::as_bytes(std::string_view(text).substr(0, size));
    const auto result = next_startup_packet(input);
    ASSERT_TRUE(result) << size;
    EXPECT_FALSE(*result) << size;
    EXPECT_EQ(input.size(), size);
  }
}

// PG6: known from four bytes, and nothing is allocated for the claim.
TEST(PostgresStartup, RefusesALengthOutOfBounds) {
  const std::string_view lengths[] = {"\0\0\0\0"sv,   "\0\0\0\x04"sv,       "\0\0\0\x07"sv,      "\0\0\x27\x11"sv,
                                      "\x80\0\0\0"sv, "\xff\xff\xff\xff"sv, "\x7f\xff\xff\xff"sv};
  for (const std::string_view length : lengths) {
    base::ConstBytes input = base::as_bytes(length);
    const std::size_t before = testing::allocation_count.load();
    const auto result = next_startup_packet(input);
    EXPECT_EQ(testing::allocation_count.load(), before);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().sqlstate, kProtocolViolation);
  }
}

// PG6
TEST(PostgresStartup, AcceptsThe10000thByte) {
  std::string parameters = "user\0alice\0options\0"s;
  parameters.append(kMaxStartupPacket - 8 - parameters.size() - 2, 'x');
  parameters += "\0\0"s;
  const std::string text = startup(parameters);
  EXPECT_EQ(text.size(), kMaxStartupPacket);
  EXPECT_EQ(message(text).user(), "alice");
}

// PG6
TEST(PostgresStartup, RefusesWhatIsMalformed) {
  EXPECT_EQ(sqlstate_of(startup(""sv)), "08P01");
  EXPECT_EQ(sqlstate_of(startup("user"sv)), "08P01");
  EXPECT_EQ(sqlstate_of(startup("user\0alice"sv)), "08P01");
  EXPECT_EQ(sqlstate_of(startup("user\0alice\0"sv)), "08P01");
  EXPECT_EQ(sqlstate_of(startup("user\0alice\0database\0\0"sv)), "08P01");
  EXPECT_EQ(sqlstate_of(startup("user\0alice\0\0\0"sv)), "08P01");
  EXPECT_EQ(sqlstate_of(startup("user\0alice\0\0value\0\0"sv)), "08P01") << "an empty name ends the packet";
}

// PG6
TEST(PostgresStartup, RefusesAParameterTwice) {
  EXPECT_EQ(sqlstate_of(startup("user\0alice\0user\0bob\0\0"sv)), "08P01");
  EXPECT_EQ(sqlstate_of(startup("user\0alice\0user\0alice\0\0"sv)), "08P01");
  EXPECT_EQ(sqlstate_of(startup("replication\0off\0user\0alice\0replication\0on\0\0"sv)), "08P01");
}

// PG6, and what a server says then.
TEST(PostgresStartup, RefusesOneWithoutAUser) {
  EXPECT_EQ(sqlstate_of(startup("\0"sv)), "28000");
  EXPECT_EQ(sqlstate_of(startup("database\0shop\0\0"sv)), "28000");
  EXPECT_EQ(sqlstate_of(startup("user\0\0\0"sv)), "28000");
}

// PG7
TEST(PostgresStartup, KnowsProtocol3Only) {
  EXPECT_EQ(sqlstate_of(packet("\0\x02\0\0user\0alice\0\0"sv)), "0A000");
  EXPECT_EQ(sqlstate_of(packet("\0\x04\0\0user\0alice\0\0"sv)), "0A000");
  EXPECT_EQ(sqlstate_of(packet("\0\0\0\0"sv)), "0A000");
  EXPECT_EQ(sqlstate_of(packet("\x04\xd2\x16\x31"sv)), "0A000") << "a request that nobody knows";
  EXPECT_EQ(message(packet("\0\x03\0\x02user\0alice\0\0"sv)).version, ProtocolVersion(3, 2));
  EXPECT_EQ(message(packet("\0\x03\0\x63user\0alice\0\0"sv)).version, ProtocolVersion(3, 99));
}

TEST(PostgresStartup, ReadsParametersInOrder) {
  const std::string text = startup("user\0alice\0database\0shop\0options\0-c geqo=off\0application_name\0\0\0"sv);
  const StartupMessage read = message(text);
  ASSERT_EQ(read.parameters.size(), 4U);
  EXPECT_EQ(read.parameters[2].name, "options");
  EXPECT_EQ(read.parameters[2].value, "-c geqo=off");
  EXPECT_EQ(read.find("application_name"), "");
  EXPECT_EQ(read.find("User"), std::nullopt);
  EXPECT_EQ(read.database(), "shop");
}

// PG8
TEST(PostgresStartup, ReplacesTheUserAndNothingElse) {
  EXPECT_EQ(composed(startup("user\0alice\0database\0shop\0options\0-c geqo=off\0_pq_.x\0y\0\0"sv), "app_user"),
            startup("user\0app_user\0database\0shop\0options\0-c geqo=off\0_pq_.x\0y\0\0"sv));
  EXPECT_EQ(composed(startup("client_encoding\0UTF8\0database\0shop\0user\0alice\0\0"sv), "app_user"),
            startup("client_encoding\0UTF8\0database\0shop\0user\0app_user\0\0"sv));
}

// PG7
TEST(PostgresStartup, PassesTheVersionOn) {
  EXPECT_EQ(composed(packet("\0\x03\0\x63user\0alice\0database\0shop\0\0"sv), "app_user"),
            packet("\0\x03\0\x63user\0app_user\0database\0shop\0\0"sv));
}

// PG8: a server would take the role's name for the database.
TEST(PostgresStartup, NamesTheDatabaseThatTheClientMeans) {
  EXPECT_EQ(composed(startup("user\0alice\0\0"sv), "app_user"), startup("user\0app_user\0database\0alice\0\0"sv));
  EXPECT_EQ(composed(startup("database\0\0user\0alice\0\0"sv), "app_user"),
            startup("database\0alice\0user\0app_user\0\0"sv));
}

TEST(PostgresStartup, WritesNothingThatAServerWouldNotRead) {
  std::string parameters = "user\0a\0database\0d\0options\0"s;
  parameters.append(kMaxStartupPacket - 8 - parameters.size() - 2, 'x');
  parameters += "\0\0"s;
  const std::string text = startup(parameters);
  base::WipedBuffer out;
  EXPECT_TRUE(compose_startup_message(message(text), "b", out));
  EXPECT_EQ(out.size(), kMaxStartupPacket);
  out.clear();
  const auto result = compose_startup_message(message(text), "bb", out);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().sqlstate, kProtocolViolation);
  EXPECT_TRUE(out.empty());
}

bool replicates(std::string_view value) {
  return asks_for_replication({{}, {{"user", "alice"}, {"replication", value}}});
}

// PG8
TEST(PostgresStartup, KnowsWhatAsksForReplication) {
  for (const std::string_view value : {"true", "TRUE", "t", "tr", "on", "yes", "y", "1", "database", "Database", "",
                                       " ", "maybe", "2", "o", "00", "falsey", " false", "nope"}) {
    EXPECT_TRUE(replicates(value)) << value;
  }
  for (const std::string_view value :
       {"false", "FALSE", "False", "f", "fal", "no", "n", "NO", "off", "of", "OFF", "0"}) {
    EXPECT_FALSE(replicates(value)) << value;
  }
  EXPECT_FALSE(asks_for_replication({{}, {{"user", "alice"}}}));
}

// PG13
TEST(PostgresStartup, ReadsACancelRequest) {
  const std::string text = packet(
      "\x04\xd2\x16\x2e\0\0\x12\x67"
      "abcd"sv);
  const auto request = std::get<CancelRequest>(parse(text).value().value());
  EXPECT_EQ(request.key.process_id, 4711U);
  EXPECT_EQ(base::as_text(request.key.secret_key), "abcd");
}

// PG7: 3.2's keys are of 4 to 256 bytes.
TEST(PostgresStartup, KnowsTheBoundsOfACancelKey) {
  const auto accepted = [](std::size_t size) {
    const std::string text = packet("\x04\xd2\x16\x2e\0\0\x12\x67"s + std::string(size, 'k'));
    return parse(text).has_value();
  };
  EXPECT_FALSE(parse(packet("\x04\xd2\x16\x2e"sv)));
  EXPECT_FALSE(accepted(0));
  EXPECT_FALSE(accepted(3));
  EXPECT_TRUE(accepted(4));
  EXPECT_TRUE(accepted(256));
  EXPECT_FALSE(accepted(257));
}

TEST(PostgresStartup, ReadsItsOwnRequests) {
  base::WipedBuffer out;
  compose_ssl_request(out);
  EXPECT_EQ(out.view(), "\0\0\0\x08\x04\xd2\x16\x2f"sv);
  out.clear();
  compose_cancel_request({4711, base::as_bytes("secret key")}, out);
  const auto request = std::get<CancelRequest>(parse(out.view()).value().value());
  EXPECT_EQ(request.key.process_id, 4711U);
  EXPECT_EQ(base::as_text(request.key.secret_key), "secret key");
}

// PG4, PG5
TEST(PostgresStartup, KnowsTheAnswersToAnSslRequest) {
  EXPECT_EQ(parse_ssl_answer(std::byte{'S'}), SslAnswer::tls);
  EXPECT_EQ(parse_ssl_answer(std::byte{'N'}), SslAnswer::plaintext);
  EXPECT_EQ(parse_ssl_answer(std::byte{'E'}), SslAnswer::error);
  EXPECT_EQ(parse_ssl_answer(std::byte{'H'}), SslAnswer::nonsense);
  EXPECT_EQ(parse_ssl_answer(std::byte{0}), SslAnswer::nonsense);
}

// PG5
TEST(PostgresStartup, KnowsDirectTls) {
  EXPECT_TRUE(begins_direct_tls(base::as_bytes("\x16\x03\x01"sv)));
  EXPECT_FALSE(begins_direct_tls(base::as_bytes("\0\0\0\x08"sv)));
  EXPECT_FALSE(begins_direct_tls({}));
  EXPECT_EQ(sqlstate_of("\x16\x03\x01\x02"sv), "08P01") << "and it is no startup packet";
}

TEST(PostgresStartup, KnowsATerminateThatComesFirst) {
  EXPECT_TRUE(is_terminate(base::as_bytes("X\0\0\0\x04"sv)));
  EXPECT_FALSE(is_terminate(base::as_bytes("X\0\0\0"sv)));
  EXPECT_FALSE(is_terminate(base::as_bytes("X\0\0\0\x04X"sv)));
  EXPECT_FALSE(is_terminate({}));
}

}  // namespace
}  // namespace cordon::postgres
