#include "secrets/json_value.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace cordon::secrets {
namespace {

using namespace std::string_view_literals;

std::string value_of(std::string_view text) {
  const auto value = take_json_string(text, "value");
  return value ? std::string(value->reveal()) : "fault " + std::to_string(static_cast<int>(value.error()));
}

JsonFault fault_of(std::string_view text) {
  const auto value = take_json_string(text, "value");
  EXPECT_FALSE(value) << text;
  return value ? JsonFault{} : value.error();
}

TEST(JsonValue, IsTheStringOfTheMember) {
  EXPECT_EQ(value_of(R"({"value":"secret"})"), "secret");
  EXPECT_EQ(value_of(" {\n\t\"id\" : 1 , \"value\" : \"secret\" } \r\n"), "secret");
  EXPECT_EQ(value_of(R"({"value":""})"), "");
  EXPECT_EQ(value_of(R"({"a":[1,-2.5e+3,0,true,false,null,{"value":"no"},[]],"value":"secret","b":{}})"), "secret");
  EXPECT_EQ(value_of(R"({"v\u0061lue":"secret"})"), "secret") << "a name is compared unescaped";
  EXPECT_EQ(value_of("{\"value\":\"\xc3\xa9\xf0\x9f\x94\x91\"}"), "\xc3\xa9\xf0\x9f\x94\x91");
}

TEST(JsonValue, IsUnescaped) {
  EXPECT_EQ(value_of(R"({"value":"\"\\\/\b\f\n\r\t"})"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(value_of(R"({"value":"a\u003cb\u00e9\u20AC\uFFFFz"})"), "a<b\xc3\xa9\xe2\x82\xac\xef\xbf\xbfz");
  EXPECT_EQ(value_of(R"({"value":"\ud83d\uDD11\uDBFF\uDFFF"})"), "\xf0\x9f\x94\x91\xf4\x8f\xbf\xbf");
  EXPECT_EQ(value_of(R"({"value":"a\u0000b"})"), "a\0b"sv);
  EXPECT_EQ(value_of(R"({"value":"\u007f\u0080\u07ff\u0800"})"), "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80");
}

TEST(JsonValue, IsMissingInItsOwnWay) {
  EXPECT_EQ(fault_of("{}"), JsonFault::no_member);
  EXPECT_EQ(fault_of(R"({"Value":"x","values":"x","deeper":{"value":"x"}})"), JsonFault::no_member);
  EXPECT_EQ(fault_of("[]"), JsonFault::array);
  EXPECT_EQ(fault_of(R"([{"value":"a"},{"value":"b"}])"), JsonFault::array);
  for (const char* other : {"null", "1", "\"value\"", "true"})
    EXPECT_EQ(fault_of(other), JsonFault::no_object);
  for (const char* value : {"1", "null", "true", "[\"x\"]", "{\"value\":\"x\"}"})
    EXPECT_EQ(fault_of("{\"value\":" + std::string(value) + "}"), JsonFault::not_a_string);
}

TEST(JsonValue, IsNotTakenFromAnythingButJson) {
  for (const std::string_view text : {
           ""sv,
           " "sv,
           "{"sv,
           "}"sv,
           "nul"sv,
           "secret"sv,
           "\xef\xbb\xbf{}"sv,
           "{\"value\":\"x\"}\0"sv,
           R"({"value":"x"} {})"sv,
           R"({"value":"x")"sv,
           R"({"value":"x",})"sv,
           R"({,"value":"x"})"sv,
           R"({"value" "x"})"sv,
           R"({"value":})"sv,
           R"({value:"x"})"sv,
           R"({'value':'x'})"sv,
           R"({"value":"x)"sv,
           R"({"value":"x","a":[1,]})"sv,
           R"({"value":"x","a":[1 2]})"sv,
           R"({"value":"x","a":]})"sv,
           // numbers
           R"({"value":"x","a":01})"sv,
           R"({"value":"x","a":-})"sv,
           R"({"value":"x","a":1.})"sv,
           R"({"value":"x","a":.5})"sv,
           R"({"value":"x","a":1e})"sv,
           R"({"value":"x","a":+1})"sv,
           R"({"value":"x","a":0x1})"sv,
           R"({"value":"x","a":NaN})"sv,
           // strings
           "{\"value\":\"a\nb\"}"sv,
           "{\"value\":\"a\0b\"}"sv,
           R"({"value":"\x41"})"sv,
           R"({"value":"\u12G4"})"sv,
           R"({"value":"\u123"})"sv,
           R"({"value":"\)"sv,
           R"({"value":"x","a":"\q"})"sv,
           // half a pair of surrogates
           R"({"value":"\ud83d"})"sv,
           R"({"value":"\ud83dx"})"sv,
           R"({"value":"\ud83d\n"})"sv,
           R"({"value":"\udd11"})"sv,
           R"({"value":"\ud83d\ud83d"})"sv,
           // which of the two would it be?
           R"({"value":"x","value":"y"})"sv,
           R"({"value":1,"v\u0061lue":"y"})"sv,
       }) {
    EXPECT_EQ(fault_of(text), JsonFault::malformed) << text;
  }
}

TEST(JsonValue, HasABoundOnNesting) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + ",\"value\":\"x\"}";
  };
  EXPECT_EQ(value_of(nested(30)), "x");
  EXPECT_EQ(fault_of(nested(33)), JsonFault::malformed);
  EXPECT_EQ(fault_of(std::string(1'000'000, '[')), JsonFault::malformed);
}

}  // namespace
}  // namespace cordon::secrets
