#include "integrations/json_edit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace cordon::cli {
namespace {

/// Puts two variables below `env`.
std::string put_two(std::string_view text) {
  return put_json(*put_json(text, {"env", "A"}, "1"), {"env", "B"}, "2").value();
}

std::string erase_two(std::string_view text) {
  return erase_json(*erase_json(text, {"env", "B"}), {"env", "A"}).value();
}

TEST(JsonEdit, MakesAnObjectOfNothing) {
  EXPECT_EQ(put_two(""), "{\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}\n");
  EXPECT_EQ(put_two(" \n"), put_two(""));
}

TEST(JsonEdit, AddsLinesBehindTheOthers) {
  EXPECT_EQ(put_two("{\n\t\"model\": \"x\", // mine\n\t\"env\": {\n\t\t\"FOO\": \"bar\" // last\n\t}\n}\n"),
            "{\n\t\"model\": \"x\", // mine\n\t\"env\": {\n\t\t\"FOO\": \"bar\", // last\n\t\t\"A\": "
            "\"1\",\n\t\t\"B\": \"2\"\n"
            "\t}\n}\n");
}

TEST(JsonEdit, StaysOnOneLineWhereTheTextDoes) {
  EXPECT_EQ(put_two(R"({"a":1,"env":{"FOO":"bar"}})"), R"({"a":1,"env":{"FOO":"bar", "A": "1", "B": "2"}})");
}

TEST(JsonEdit, KeepsTrailingCommasAndLineEndsOfJson5) {
  EXPECT_EQ(
      put_json("// top\r\n{\r\n  proxy: {\r\n    enabled: false,\r\n  },\r\n}\r\n", {"proxy", "proxyUrl"}, "u").value(),
      "// top\r\n{\r\n  proxy: {\r\n    enabled: false,\r\n    \"proxyUrl\": \"u\",\r\n  },\r\n}\r\n");
}

TEST(JsonEdit, ReplacesAValueInItsPlace) {
  EXPECT_EQ(put_json("{ proxy : { enabled /* why */ : false , x: 1 } } // end", {"proxy", "enabled"}, true).value(),
            "{ proxy : { enabled /* why */ : true , x: 1 } } // end");
}

// What is put and taken away again leaves the text as it was.
constexpr std::array<std::string_view, 12> kTexts = {
    "{\n  \"env\": {\n    \"X\": \"y\"\n  }\n}\n",
    "{\n  \"env\": {\n    \"X\": \"y\",\n  },\n}",
    "{\r\n\t'env': {\r\n\t\tX: 'y' // c\r\n\t}\r\n}\r\n",
    "{\"env\":{\"X\":\"y\"}}",
    "{ \"env\" : { \"X\" : \"y\" , } }",
    "{\"env\": {\"X\": \"y\" /* } */}, \"z\": [1, 2]}",
    "{\n  env: {\n    X: 1, /* a\n  } */\n  }\n}",
    "{\n  \"env\": {\n    \"X\": 1 // } , \"\n    // more\n  }\n}\n",
    "\xef\xbb\xbf{\n  \"env\": {\"X\": {\"deep\": []}}\n}",
    "{\n\n  \"env\":\n  {\n    \"X\": \"\\u00e9\\\"\",\n    \"Y\": 'it\\'s'\n  }\n\n}\n\n",
    "/* head */ {\n  // nothing\n  env: {X: .5e+1, Y: 0x1F, Z: -Infinity},\n}",
    "{\n  \"env\": {\n    \"X\": \"y\",\n\n    // about us\n  }\n}\n",
};

TEST(JsonEdit, GivesBackTheBytesThatItChanged) {
  for (const std::string_view text : kTexts) {
    const std::string put = put_two(text);
    EXPECT_EQ(find_json(put, {"env", "A"}).value(), "1") << put;
    EXPECT_EQ(find_json(put, {"env", "B"}).value(), "2") << put;
    EXPECT_EQ(put_two(put), put);
    EXPECT_EQ(erase_two(put), text);
  }
}

TEST(JsonEdit, TakesAnyMemberAway) {
  constexpr std::string_view kLines = "{\n  \"a\": 1, // one\n  \"b\": 2,\n  \"c\": 3\n}";
  EXPECT_EQ(erase_json(kLines, {"a"}).value(), "{ // one\n  \"b\": 2,\n  \"c\": 3\n}");
  EXPECT_EQ(erase_json(kLines, {"b"}).value(), "{\n  \"a\": 1, // one\n  \"c\": 3\n}");
  EXPECT_EQ(erase_json(kLines, {"c"}).value(), "{\n  \"a\": 1, // one\n  \"b\": 2\n}");
  constexpr std::string_view kOneLine = R"({"a": 1, "b": 2, "c": 3})";
  EXPECT_EQ(erase_json(kOneLine, {"a"}).value(), R"({"b": 2, "c": 3})");
  EXPECT_EQ(erase_json(kOneLine, {"b"}).value(), R"({"a": 1, "c": 3})");
  EXPECT_EQ(erase_json(kOneLine, {"c"}).value(), R"({"a": 1, "b": 2})");
  EXPECT_EQ(erase_json("{\n  \"a\": 1\n}\n", {"a"}).value(), "{}\n");
  EXPECT_EQ(erase_json("{ /* why */ \"a\": 1 }", {"a"}).value(), "{ /* why */  }");
  EXPECT_EQ(erase_json(kLines, {"d"}).value(), kLines);
  EXPECT_EQ(erase_json(kLines, {"d", "e"}).value(), kLines);
}

TEST(JsonEdit, AppendsToArraysAndTakesElementsAway) {
  constexpr std::string_view kText = "{\n  \"hooks\": {\n    \"Stop\": [\n      1\n    ]\n  }\n}\n";
  const Json hook = {{"hooks", {{{"command", "x"}}}}};
  const std::string put = append_json(kText, {"hooks", "Stop"}, hook).value();
  EXPECT_EQ(put,
            "{\n  \"hooks\": {\n    \"Stop\": [\n      1,\n      {\n        \"hooks\": [\n          {\n            "
            "\"command\": \"x\"\n          }\n        ]\n      }\n    ]\n  }\n}\n");
  EXPECT_EQ(erase_json_element(put, {"hooks", "Stop"}, 1).value(), kText);
  EXPECT_EQ(erase_json_element(put, {"hooks", "Stop"}, 2).value(), put);
  EXPECT_EQ(append_json("{}", {"hooks", "Stop"}, 1).value(),
            "{\n  \"hooks\": {\n    \"Stop\": [\n      1\n    ]\n  }\n}");
}

TEST(JsonEdit, ReadsWhatJson5Means) {
  constexpr std::string_view kText =
      "{a: 'it\\'s \\x41\\u0042\\ud83d\\ude00\\\nx', b: [1, +2, true], a2: {n: null}, $k: NaN}";
  EXPECT_EQ(find_json(kText, {"a"}).value(), "it's AB\xf0\x9f\x98\x80x");
  EXPECT_EQ(find_json(kText, {"b"}).value(), Json::parse(R"([1, "+2", true])"));
  EXPECT_EQ(find_json(kText, {"a2", "n"}).value(), Json());
  EXPECT_EQ(find_json(kText, {"$k"}).value(), "NaN");
  EXPECT_FALSE(find_json(kText, {"z", "y"}).value());
  EXPECT_EQ(find_json(R"({"a": 1, "a": 2})", {"a"}).value(), 2);
}

TEST(JsonEdit, RefusesWhatItCannotReadWithoutQuotingIt) {
  constexpr std::array<std::string_view, 14> kBroken = {"{",
                                                        "{]",
                                                        "[1",
                                                        "{\"SECRET\": }",
                                                        "{\"a\" 1}",
                                                        "{\"a\": \"SECRET",
                                                        "{\"a\": 1 \"b\": 2}",
                                                        "{} SECRET",
                                                        "{,}",
                                                        "{\"a\": SECRET}",
                                                        "{\"a\": /* SECRET",
                                                        "{\"a\": \"\\u12\"}",
                                                        "{\"a\": \"x\ny\"}",
                                                        "{a: 1,, b: 2}"};
  for (const std::string_view text : kBroken) {
    const auto put = put_json(text, {"x"}, 1);
    ASSERT_FALSE(put) << text;
    EXPECT_EQ(put.error().code, Errc::config_invalid);
    EXPECT_TRUE(put.error().context.starts_with("line ")) << put.error().context;
    EXPECT_EQ(put.error().context.find("SECRET"), std::string::npos) << put.error().context;
  }
  EXPECT_FALSE(put_json(std::string(100'000, '['), {"x"}, 1));
}

TEST(JsonEdit, RefusesToGoThroughOtherKinds) {
  EXPECT_EQ(put_json(R"({"env": 1})", {"env", "A"}, 1).error().context, "`env` is not an object");
  EXPECT_EQ(put_json("[]", {"env"}, 1).error().context, "the whole is not an object");
  EXPECT_EQ(append_json(R"({"a": {"b": {}}})", {"a", "b"}, 1).error().context, "`a.b` is not an array");
  EXPECT_FALSE(put_json("{}", {"a"}, "\xff"));
}

}  // namespace
}  // namespace cordon::cli
