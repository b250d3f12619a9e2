// docs/config.md is true: its examples are read without a fault or a warning, and it names every key.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string read_docs(const char* name = "config.md") {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
  std::ifstream file(root / "docs" / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> toml_blocks(const std::string& markdown) {
  const std::string opening = "\n```toml\n", closing = "\n```\n";
  std::vector<std::string> blocks;
  for (std::size_t at = markdown.find(opening); at != std::string::npos; at = markdown.find(opening, at)) {
    at += opening.size();
    blocks.push_back(markdown.substr(at, markdown.find(closing, at) + 1 - at));
  }
  return blocks;
}

TEST(ConfigDocs, EveryExampleIsAValidConfig) {
  const auto blocks = toml_blocks(read_docs());
  EXPECT_GE(blocks.size(), 8U);
  for (const std::string& block : blocks) {
    const auto loaded = Config::parse(block, kFile);
    EXPECT_TRUE(loaded) << block << ::testing::PrintToString(faults_of(block));
    if (!loaded || loaded->config.routes.empty()) continue;
    EXPECT_THAT(warnings_of(block), IsEmpty()) << block;
  }
}

TEST(ConfigDocs, EveryExampleOfARouteIsAValidConfig) {
  const auto blocks = toml_blocks(read_docs("routes.md"));
  EXPECT_GE(blocks.size(), 2U);
  for (const std::string& block : blocks)
    EXPECT_THAT(warnings_of(block), IsEmpty()) << block;
}

// The parser's own lists: a table of unknown keys makes it tell all the keys that it knows there.
TEST(ConfigDocs, NamesEveryKey) {
  const std::string docs = read_docs();
  const std::string wrong =
      "zzzzzz = 1\n[tls]\nzzzzzz = 1\n[env]\nzzzzzz = 1\n[secrets]\nzzzzzz = 1\n[[secrets.providers]]\nzzzzzz = 1\n"
      "[[listeners]]\nzzzzzz = 1\n[[routes]]\nzzzzzz = 1\nmatch = {zzzzzz = 1}\nauth = {type = \"header\", zzzzzz = "
      "1}\n";
  std::size_t keys = 0;
  for (const std::string& fault : faults_of(wrong)) {
    const std::size_t list = fault.find("the keys here are ");
    if (list == std::string::npos) continue;
    for (std::size_t at = fault.find('`', list); at != std::string::npos; at = fault.find('`', at + 1)) {
      const std::size_t end = fault.find('`', at + 1);
      EXPECT_THAT(docs, HasSubstr(fault.substr(at + 1, end - at - 1)));
      at = end;
      ++keys;
    }
  }
  EXPECT_GT(keys, 35U);
}

}  // namespace
}  // namespace cordon::config
