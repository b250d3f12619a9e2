#include "integrations/toml_edit.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cordon::cli {
namespace {

std::string put(std::string_view text, std::string_view value = "1") {
  return put_toml(text, {"policy", "set", "A"}, value).value();
}

TEST(TomlEdit, AddsATableAtTheEnd) {
  EXPECT_EQ(put(""), "[policy.set]\nA = \"1\"\n");
  EXPECT_EQ(put("model = \"x\""), "model = \"x\"\n\n[policy.set]\nA = \"1\"\n");
  EXPECT_EQ(put("[policy]\r\ninherit = \"all\"\r\n"),
            "[policy]\r\ninherit = \"all\"\r\n\r\n[policy.set]\r\nA = \"1\"\r\n");
  EXPECT_EQ(put("[[policy.set]]\nA = 2\n"), "[[policy.set]]\nA = 2\n\n[policy.set]\nA = \"1\"\n");
}

TEST(TomlEdit, UsesTheTableThatIsThere) {
  EXPECT_EQ(put("[policy.set] # mine\nB = \"2\"\n\n# next\n[other]\nA = 3\n"),
            "[policy.set] # mine\nB = \"2\"\nA = \"1\"\n\n# next\n[other]\nA = 3\n");
  EXPECT_EQ(put("[ policy . \"set\" ]\nB = [\n  1, # ]\n]"), "[ policy . \"set\" ]\nB = [\n  1, # ]\n]\nA = \"1\"\n");
}

TEST(TomlEdit, UsesInlineTablesAndDottedKeys) {
  EXPECT_EQ(put("[policy]\nset = { B = \"2\" } # c\n"), "[policy]\nset = { B = \"2\", A = \"1\" } # c\n");
  EXPECT_EQ(put("policy = { set = {} }\n"), "policy = { set = { A = \"1\" } }\n");
  EXPECT_EQ(put("policy = { inherit = \"all\" }\n"), "policy = { inherit = \"all\", set = { A = \"1\" } }\n");
  EXPECT_EQ(put("policy.set.B = 2\nx = 1\n"), "policy.set.B = 2\npolicy.set.A = \"1\"\nx = 1\n");
  EXPECT_EQ(put("[policy]\nset.B = \"\"\"\n[x]\n\"\"\"\n[x]\n"),
            "[policy]\nset.B = \"\"\"\n[x]\n\"\"\"\nset.A = \"1\"\n[x]\n");
}

TEST(TomlEdit, ReplacesOnlyTheValue) {
  EXPECT_EQ(put("[policy.set]\n 'A' = 'old' # why\nB = 1\n", "a\"b\\"),
            "[policy.set]\n 'A' = \"a\\\"b\\\\\" # why\nB = 1\n");
  EXPECT_EQ(put("policy.set = { A = 1, B = 2 }"), "policy.set = { A = \"1\", B = 2 }");
}

TEST(TomlEdit, FindsStrings) {
  constexpr std::string_view kText =
      "[policy]\nset = { A = \"x\\\"\\\\\", B = 'raw\\', C = 12 }\n[[policies]]\nset.A = \"no\"\n";
  EXPECT_EQ(find_toml(kText, {"policy", "set", "A"}).value(), "x\"\\");
  EXPECT_EQ(find_toml(kText, {"policy", "set", "B"}).value(), "raw\\");
  EXPECT_EQ(find_toml(kText, {"policy", "set", "C"}).value(), "12");
  EXPECT_FALSE(find_toml(kText, {"policies", "set", "A"}).value());
}

TEST(TomlEdit, GivesBackTheBytesThatItChanged) {
  constexpr std::array<std::string_view, 9> kTexts = {
      "model = \"x\"\n",
      "[policy]\n\n[x]\ny = 1\n",
      "[policy.set]\nB = 2\n# end\n\n[x]\n",
      "[policy]\nset = { B = \"2\" }\n",
      "policy.set.B = 2\r\nx = 1\r\n",
      "# only a comment\n",
      "s = '''\n[policy.set]\nA = 1'''\n",
      "t = 1979-05-27T07:32:00Z\na = [ { x = 1 }, { y = \"]\" } ]\n[[p]]\nA = 1\n",
      "\"policy\" = { \"set\" = { B = 1 } }\n",
  };
  for (const std::string_view text : kTexts) {
    const std::string changed = put(text);
    EXPECT_EQ(find_toml(changed, {"policy", "set", "A"}).value(), "1") << changed;
    EXPECT_EQ(put(changed), changed);
    const std::string back = erase_toml(changed, {"policy", "set", "A"}).value();
    EXPECT_EQ(erase_empty_toml_table(back, {"policy", "set"}).value(), text);
  }
  EXPECT_EQ(erase_toml("policy.set = { A = 1, B = 2 }", {"policy", "set", "A"}).value(), "policy.set = { B = 2 }");
  EXPECT_EQ(erase_toml("policy.set = { A = 1 }", {"policy", "set", "A"}).value(), "policy.set = {}");
}

TEST(TomlEdit, RefusesWhatItCannotReadWithoutQuotingIt) {
  constexpr std::array<std::string_view, 9> kBroken = {"SECRET",        "a = ",           "a = \"SECRET",
                                                       "[SECRET",       "a = [1, SECRET", "a = { b = 1",
                                                       "a = '''SECRET", "= SECRET",       "[[SECRET]\n"};
  for (const std::string_view text : kBroken) {
    const auto changed = put_toml(text, {"policy", "set", "A"}, "1");
    ASSERT_FALSE(changed) << text;
    EXPECT_TRUE(changed.error().context.starts_with("line ")) << changed.error().context;
    EXPECT_EQ(changed.error().context.find("SECRET"), std::string::npos) << changed.error().context;
  }
  EXPECT_FALSE(put_toml("a = \"SECRET", {"policy", "set", "A"}, "1"));
  EXPECT_FALSE(put_toml("a = " + std::string(100'000, '['), {"policy", "set", "A"}, "1"));
}

TEST(TomlEdit, RefusesATableThatIsNone) {
  EXPECT_EQ(put_toml("policy = 1\n", {"policy", "set", "A"}, "1").error().context, "`policy` is not a table");
  EXPECT_EQ(put_toml("[policy]\nset = \"x\"\n", {"policy", "set", "A"}, "1").error().context,
            "`policy.set` is not a table");
  EXPECT_FALSE(put_toml("", {"policy", "A"}, "a\nb"));
}

}  // namespace
}  // namespace cordon::cli
