// Random edits of random texts. A text is put together of pieces; an edit must leave every piece but its own as it was, byte for
// byte, and the result must say what was meant.
#include <array>
#include <random>
#include <utility>

#include <cordon/config_edit.hpp>

#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

// Ways to write a route; @ is its name.
constexpr auto kRoutes = std::to_array<std::string_view>({
    "[[routes]]\nname = \"@\"\n[routes.match]\nhost = \"@.example.com\"\n[routes.auth]\ntype = \"header\"\nheader_name "
    "= "
    "\"X-Key\"\n[routes.auth.secret]\nsource = \"keyring\"\naccount = \"old\"\n",
    "[[routes]] # @\nname = '@' # the name\nmatch.host = '@.example.com'\nauth.type = 'header'\nauth.header_name = "
    "'X-Key'\n"
    "auth.secret.source = 'keyring'\nauth.secret.account = '''o'ld''' # not new\n",
    "  [[routes]]\n  match = { host = \"@.example.com\", port = [ 443, 8443 ] }\n  name = \"@\"\n  auth = { type = "
    "\"header\", header_name = \"X-Key\", secret = { source = \"keyring\", account = \"old\" } }\n",
    "[[routes]]\n\n# a remark inside, and [[routes]]\n\nname = \"@\"\n\n[routes.match] # {\nhost = \"\"\"\\\n   "
    "@.example.com\"\"\"\nport = [\n  443, # ] usual\n  8443,\n]\n\n[routes.auth]\ntype = \"header\"\nheader_name = "
    "\"X-Key\"\nsecret.source = \"keyring\"\nsecret.account = \"\"\"\\\n[[routes]]\"\"\"\n# the last remark\n",
    "[[\"routes\"]]\n\"name\" = \"@\"\n[routes.'auth']\ntype = \"header\"\nheader_name = "
    "\"X-Key\"\n[routes.match]\nhost = "
    "\"@.example.com\"\n[ routes . auth . secret ]\naccount = \"old\"\nsource = \"keyring\"\n",
});

constexpr auto kOthers = std::to_array<std::string_view>({
    "[tls]\nenabled = true # [[routes]]\n",
    "[secrets]\ncache_ttl = '15m'\n\n[[secrets.providers]]\ntype = \"1password\"\n",
    "# only\n#   remarks\n",
    "# about TLS\n[env]\nno_proxy = [ # ]\n  'a', \"b\" ]\n",
    "[[listeners]]\nname = \"l\"\nport = 15432\nupstream = \"db\"\nauth = { type = \"password\", username = \"u\", "
    "secret = "
    "{ source = \"env\", variable = \"V\" } }\n",
});

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(engine_); }
  template <class Range>
  auto& one_of(Range& range) {
    return range[below(std::size(range))];
  }

 private:
  std::mt19937 engine_;
};

std::string replace_all(std::string_view text, std::string_view what, std::string_view with) {
  std::string out(text);
  for (std::size_t at = 0; (at = out.find(what, at)) != std::string::npos; at += with.size())
    out.replace(at, what.size(), with);
  return out;
}

/// A text and its pieces. Pieces with a name are routes; between two pieces there is a blank line.
struct Document {
  struct Piece {
    std::string name, text;
  };
  std::vector<Piece> pieces;
  std::string line_end = "\n";
  bool open_end = false;

  std::string finish(std::string text) const {
    if (open_end) text.pop_back();
    return replace_all(text, "\n", line_end);
  }
  /// The pieces from `first` up to `last`, each with the blank line before it.
  std::string part(std::size_t first, std::size_t last) const {
    std::string text;
    for (std::size_t i = first; i < last; ++i)
      text += (i == 0 ? "" : "\n") + pieces[i].text;
    return text;
  }
  std::string text() const { return finish(part(0, pieces.size())); }
};

Document random_document(Random& random) {
  Document out;
  out.pieces.push_back({"", "# top\nlisten = 6790\n"});
  std::array<bool, kOthers.size()> used{};  // a table twice is no TOML
  const std::size_t count = random.below(6);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t other = random.below(kOthers.size());
    if (random.below(3) > 0 || std::exchange(used[other], true)) {
      const std::string name = "route" + std::to_string(i);
      const std::string remark = random.below(3) == 0 ? "# about it\n" : "";
      out.pieces.push_back({name, remark + replace_all(random.one_of(kRoutes), "@", name)});
    } else {
      out.pieces.push_back({"", std::string(kOthers[other])});
    }
  }
  if (random.below(3) == 0) out.line_end = "\r\n";
  out.open_end = random.below(4) == 0;
  return out;
}

ConfigEdit edit_of(const std::string& text) {
  auto edit = ConfigEdit::create(kFile, text);
  EXPECT_TRUE(edit) << edit.error().message() << text;
  return *std::move(edit);
}

std::vector<std::size_t> routes_of(const Document& document) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < document.pieces.size(); ++i)
    if (!document.pieces[i].name.empty()) out.push_back(i);
  return out;
}

void change_at_random(Random& random, ConfigEntry& entry) {
  switch (random.below(5)) {
    case 0:
      return entry.set("auth.secret.account", std::string("[new]\"#\\"));
    case 1:
      return entry.set("allow_plaintext", true);
    case 2:
      return entry.set("match.port", std::vector<std::int64_t>{8443});
    case 3:
      entry.erase("auth.secret");
      entry.set("auth.secret.source", std::string("command"));
      return entry.set("auth.secret.argv", std::vector<std::string>{"pass", "show", "'] }"});
    default:
      entry.erase("auth.header_name");
      entry.set("auth.type", std::string("basic"));
      return entry.set("auth.username", std::string("me"));
  }
}

/// A document for each seed.
template <class Check>
void for_each_document(Check check) {
  for (unsigned seed = 0; seed < 400 && !::testing::Test::HasFailure(); ++seed) {
    Random random(seed);
    const Document document = random_document(random);
    SCOPED_TRACE("seed " + std::to_string(seed) + ":\n" + document.text());
    check(random, document);
  }
}

TEST(EditProperty, RemovingLeavesTheOtherPieces) {
  for_each_document([](Random&, const Document& document) {
    for (const std::size_t index : routes_of(document)) {
      ConfigEdit edit = edit_of(document.text());
      const auto removed = edit.remove(ConfigList::routes, document.pieces[index].name);
      ASSERT_TRUE(removed) << removed.error().message();
      Document rest = document;
      rest.pieces.erase(rest.pieces.begin() + static_cast<std::ptrdiff_t>(index));
      EXPECT_EQ(edit.text(), rest.text());
    }
  });
}

TEST(EditProperty, AddingAndRemovingIsNoChange) {
  ConfigEntry entry;
  entry.set("name", std::string("new"));
  entry.set("match.host", std::string("new.example.com"));
  entry.set("auth.type", std::string("header"));
  entry.set("auth.header_name", std::string("X-Key"));
  entry.set("auth.secret.source", std::string("env"));
  entry.set("auth.secret.variable", std::string("NEW"));
  for_each_document([&](Random&, const Document& document) {
    ConfigEdit edit = edit_of(document.text());
    auto expected = edit.entries(ConfigList::routes);
    expected.push_back(entry);
    ASSERT_TRUE(edit.add(ConfigList::routes, entry));
    EXPECT_TRUE(edit.check()) << edit.text();
    EXPECT_EQ(edit.entries(ConfigList::routes), expected) << edit.text();
    ASSERT_TRUE(edit.remove(ConfigList::routes, "new"));
    EXPECT_EQ(edit.text(), document.text());
  });
}

/// What is before and behind a piece, and the remarks inside that no change is about.
void check_surroundings(const Document& document, std::size_t index, const std::string& text) {
  EXPECT_TRUE(text.starts_with(replace_all(document.part(0, index), "\n", document.line_end))) << text;
  const bool is_last = index + 1 == document.pieces.size();
  EXPECT_TRUE(is_last || text.ends_with(document.finish(document.part(index + 1, document.pieces.size())))) << text;
  for (const std::string_view remark : {"# about it", "# a remark inside", "# {", "# the last remark", "# the name"})
    EXPECT_TRUE(!document.pieces[index].text.contains(remark) || text.contains(remark)) << text;
}

TEST(EditProperty, ReplacingLeavesTheOtherPieces) {
  for_each_document([](Random& random, const Document& document) {
    for (const std::size_t index : routes_of(document)) {
      const std::string& name = document.pieces[index].name;
      ConfigEdit edit = edit_of(document.text());
      auto entry = edit.entry(ConfigList::routes, name);
      ASSERT_TRUE(entry);
      change_at_random(random, *entry);
      const auto replaced = edit.replace(ConfigList::routes, name, *entry);
      ASSERT_TRUE(replaced) << replaced.error().message();
      EXPECT_TRUE(edit.check()) << edit.text();
      EXPECT_EQ(edit.entry(ConfigList::routes, name), *entry) << edit.text();
      check_surroundings(document, index, edit.text());
    }
  });
}

TEST(EditProperty, ManyEditsInARowStayValid) {
  for_each_document([](Random& random, const Document& document) {
    ConfigEdit edit = edit_of(document.text());
    for (int step = 0; step < 12; ++step) {
      auto entries = edit.entries(ConfigList::routes);
      if (entries.empty()) break;
      ConfigEntry entry = random.one_of(entries);
      const std::string name = entry.text("name");
      if (random.below(4) == 0) {
        ASSERT_TRUE(edit.remove(ConfigList::routes, name)) << edit.text();
        continue;
      }
      change_at_random(random, entry);
      ASSERT_TRUE(edit.replace(ConfigList::routes, name, entry)) << edit.text();
    }
    EXPECT_TRUE(edit.text().starts_with("# top" + document.line_end + "listen = 6790"));
  });
}

}  // namespace
}  // namespace cordon::config
