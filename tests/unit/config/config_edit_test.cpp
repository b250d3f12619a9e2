// Changes of a config text: what they do, and that nothing else changes.
#include <cordon/config_edit.hpp>

#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using ::testing::HasSubstr;

ConfigEntry stripe() {
  ConfigEntry entry;
  entry.set("name", std::string("stripe"));
  entry.set("match.host", std::string("api.stripe.com"));
  entry.set("auth.type", std::string("header"));
  entry.set("auth.header_name", std::string("Authorization"));
  entry.set("auth.scheme", std::string("Bearer"));
  entry.set("auth.secret.source", std::string("keyring"));
  entry.set("auth.secret.account", std::string("stripe-key"));
  return entry;
}

const std::string kStripe =
    "[[routes]]\nname = \"stripe\"\n[routes.match]\nhost = \"api.stripe.com\"\n[routes.auth]\ntype = \"header\"\n"
    "header_name = \"Authorization\"\nscheme = \"Bearer\"\n[routes.auth.secret]\nsource = \"keyring\"\naccount = "
    "\"stripe-key\"\n";

ConfigEdit edit_of(const std::string& text) {
  auto edit = ConfigEdit::create(kFile, text);
  EXPECT_TRUE(edit) << edit.error().message();
  return *std::move(edit);
}

std::string with_crlf(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\r\n");
  return text;
}

/// The text after stripe() was added.
std::string added_to(const std::string& text) {
  ConfigEdit edit = edit_of(text);
  const auto added = edit.add(ConfigList::routes, stripe());
  return added ? edit.text() : added.error().message();
}

std::string removed_from(const std::string& text, std::string_view name) {
  ConfigEdit edit = edit_of(text);
  const auto removed = edit.remove(ConfigList::routes, name);
  return removed ? edit.text() : removed.error().message();
}

/// The text after `change` was made to the route called `r`.
template <class Change>
std::string changed_in(const std::string& text, Change change) {
  ConfigEdit edit = edit_of(text);
  auto entry = edit.entry(ConfigList::routes, "r");
  if (!entry) return entry.error().message();
  change(*entry);
  const auto replaced = edit.replace(ConfigList::routes, "r", *entry);
  return replaced ? edit.text() : replaced.error().message();
}

std::string with_account(const std::string& text) {
  return changed_in(text, [](ConfigEntry& entry) { entry.set("auth.secret.account", std::string("new")); });
}

std::string set_in_root(const std::string& text, std::string_view key, const ConfigValue& value) {
  ConfigEdit edit = edit_of(text);
  const auto set = edit.set(key, value);
  return set ? edit.text() : set.error().message();
}

TEST(ConfigEdit, AddsTheFirstEntryAtTheEnd) {
  EXPECT_EQ(added_to("listen = 6790\n"), "listen = 6790\n\n" + kStripe);
  EXPECT_EQ(added_to("listen = 6790 # ours\n\n# the end\n"), "listen = 6790 # ours\n\n# the end\n\n" + kStripe);
  EXPECT_EQ(added_to("listen = 6790\n[tls]\nenabled = true\n\n\n"),
            "listen = 6790\n[tls]\nenabled = true\n\n" + kStripe + "\n\n");
  EXPECT_EQ(added_to(""), kStripe);
  EXPECT_EQ(added_to("\xEF\xBB\xBF"), "\xEF\xBB\xBF" + kStripe);
}

TEST(ConfigEdit, AddsBehindTheLastEntry) {
  const std::string one = "listen = 1\n\n[[routes]]\nname = \"a\"\nmatch.host = \"a\" # here\n# and this is about it\n";
  EXPECT_EQ(added_to(one + "\n# TLS\n[tls]\n"), one + "\n" + kStripe + "\n# TLS\n[tls]\n");
  EXPECT_EQ(added_to(one + "\n[tls]\n[routes.auth]\ntype = \"basic\"\n[env]\n"),
            one + "\n[tls]\n[routes.auth]\ntype = \"basic\"\n\n" + kStripe + "\n[env]\n");
  const std::string tight = "listen = 1\n[[routes]]\nname = \"a\"\n";
  EXPECT_EQ(added_to(tight + "# about TLS\n[tls]\n"), tight + "\n" + kStripe + "\n# about TLS\n[tls]\n");
}

TEST(ConfigEdit, KeepsLineEndsAndAnOpenEnd) {
  EXPECT_EQ(added_to("listen = 1\r\n"), with_crlf("listen = 1\n\n" + kStripe));
  EXPECT_EQ(added_to("listen = 1"), "listen = 1\n\n" + kStripe.substr(0, kStripe.size() - 1));
  const std::string crlf = with_crlf("listen = 1\n\n" + kStripe);
  EXPECT_EQ(added_to(crlf.substr(0, crlf.size() - 2)),
            crlf + "\r\n" + with_crlf(kStripe).substr(0, with_crlf(kStripe).size() - 2));
}

TEST(ConfigEdit, WritesEveryValueSoThatItIsReadBack) {
  ConfigEntry entry;
  entry.set("name", std::string("a \"quoted\" \\ \n\t\x01\x7F name \xC3\xA4"));
  entry.set("allow_plaintext", true);
  entry.set("match.port", std::vector<std::int64_t>{443, 8443});
  entry.set("auth.secret.argv", std::vector<std::string>{"pass", "show", "it's", ""});
  entry.set("auth.secret.timeout", std::int64_t{0});
  ConfigEdit edit = edit_of("listen = 1\n");
  ASSERT_TRUE(edit.add(ConfigList::routes, entry));
  EXPECT_THAT(edit.text(), HasSubstr("name = \"a \\\"quoted\\\" \\\\ \\n\\t\\u0001\\u007F name \xC3\xA4\"\n"));
  EXPECT_THAT(edit.text(), HasSubstr("port = [443, 8443]\n"));
  EXPECT_EQ(edit.entries(ConfigList::routes), std::vector{entry});
}

TEST(ConfigEdit, RefusesAValueThatIsNoText) {
  ConfigEntry entry;
  entry.set("name", std::string("\xFF"));
  ConfigEdit edit = edit_of("listen = 1\n");
  EXPECT_FALSE(edit.add(ConfigList::routes, entry));
  EXPECT_EQ(edit.text(), "listen = 1\n");
}

TEST(ConfigEdit, RemovesWhatWasAdded) {
  for (const std::string text :
       {"listen = 1\n", "listen = 1", "listen = 1\r\n", "listen = 1\n\n\n", "listen = 1\n# end",
        "listen = 1\n\n[[routes]]\nname = \"a\"\n\n[tls]\n", "listen = 1\n[[routes]]\nname = \"a\"\n",
        "listen = 1\r\n[[routes]]\r\nname = \"a\"\r\n# x"})
    EXPECT_EQ(removed_from(added_to(text), "stripe"), text);
}

TEST(ConfigEdit, RemovesAnEntryWithItsCommentAndNoOther) {
  const std::string a = "[[routes]]\nname = \"a\"\nmatch = { host = \"a\" }\n";
  const std::string b =
      "[[routes]]\nname = \"b\"\n[routes.match]\nhost = \"b\" # [[routes]]\n# inside b\n[routes.auth]\n# last of b\n";
  EXPECT_EQ(
      removed_from("listen = 1\n\n# about a\n" + a + "\n# about b\n# and more\n" + b + "\n# about c\n[tls]\n", "b"),
      "listen = 1\n\n# about a\n" + a + "\n# about c\n[tls]\n");
  EXPECT_EQ(removed_from("listen = 1\n\n# all of them\n\n" + a + "\n" + b, "a"), "listen = 1\n\n# all of them\n\n" + b);
  EXPECT_EQ(removed_from("listen = 1\n# of listen\n" + a + "# whose?\n" + b, "a"),
            "listen = 1\n# of listen\n# whose?\n" + b);
  EXPECT_EQ(removed_from("listen = 1\n" + a + b, "b"), "listen = 1\n" + a);
}

TEST(ConfigEdit, RemovesAnEntryThatIsInPieces) {
  EXPECT_EQ(removed_from("listen = 1\n\n[[routes]]\nname = \"a\"\n\n[tls]\nenabled = true\n\n[routes.match]\nhost = "
                         "\"a\"\n\n[env]\n",
                         "a"),
            "listen = 1\n\n[tls]\nenabled = true\n\n[env]\n");
}

TEST(ConfigEdit, SaysWhichEntryIsMissing) {
  EXPECT_EQ(removed_from("listen = 1\n", "nix"), "there is no route `nix` in /srv/app/cordon.toml");
}

TEST(ConfigEdit, ChangesAValueInEveryLayout) {
  EXPECT_EQ(
      with_account("[[routes]]\nname='r'\n[routes.auth.secret]\naccount   =  'old'   # mine\nsource=\"keyring\"\n"),
      "[[routes]]\nname='r'\n[routes.auth.secret]\naccount   =  \"new\"   # mine\nsource=\"keyring\"\n");
  EXPECT_EQ(with_account("[[routes]]\nname = \"r\"\n  auth.secret.account = \"\"\"\nold [routes]\n\"\"\"\nx = 1\n"),
            "[[routes]]\nname = \"r\"\n  auth.secret.account = \"new\"\nx = 1\n");
  EXPECT_EQ(with_account("[[routes]]\nname = \"r\"\nauth = { type = \"header\", secret = {account=\"old\"} }\n"),
            "[[routes]]\nname = \"r\"\nauth = { type = \"header\", secret = {account=\"new\"} }\n");
  EXPECT_EQ(with_account("[[routes]]\nname = \"r\"\nauth = { secret.account = \"old\", type = 'x' }\n"),
            "[[routes]]\nname = \"r\"\nauth = { secret.account = \"new\", type = 'x' }\n");
  EXPECT_EQ(with_account("[[\"routes\"]]\n\"name\" = \"r\"\n[ routes . \"auth\" . secret ]\naccount = \"old\""),
            "[[\"routes\"]]\n\"name\" = \"r\"\n[ routes . \"auth\" . secret ]\naccount = \"new\"");
}

TEST(ConfigEdit, AddsAKeyBehindItsSiblings) {
  EXPECT_EQ(
      with_account("[[routes]]\nname = \"r\"\n[routes.auth.secret]\n  source = \"keyring\"\n# about b\n[[routes]]\n"),
      "[[routes]]\nname = \"r\"\n[routes.auth.secret]\n  source = \"keyring\"\n  account = \"new\"\n# about "
      "b\n[[routes]]\n");
  EXPECT_EQ(with_account("[[routes]]\r\nname = \"r\"\r\n[routes.auth.secret]"),
            "[[routes]]\r\nname = \"r\"\r\n[routes.auth.secret]\r\naccount = \"new\"");
  EXPECT_EQ(with_account("[[routes]]\nauth.secret.source = \"keyring\"\nname = \"r\"\n"),
            "[[routes]]\nauth.secret.source = \"keyring\"\nauth.secret.account = \"new\"\nname = \"r\"\n");
  EXPECT_EQ(
      with_account("[[routes]]\nname = \"r\"\n[routes.auth]\nsecret.source = \"keyring\"\ntype = \"x\"\n"),
      "[[routes]]\nname = \"r\"\n[routes.auth]\nsecret.source = \"keyring\"\nsecret.account = \"new\"\ntype = \"x\"\n");
  EXPECT_EQ(with_account("[[routes]]\nauth = {type='x',secret={ source = 'keyring' }} # why\nname = \"r\"\n"),
            "[[routes]]\nauth = {type='x',secret={ source = 'keyring', account = \"new\" }} # why\nname = \"r\"\n");
  EXPECT_EQ(with_account("[[routes]]\nauth.secret = {}\nname = \"r\"\n"),
            "[[routes]]\nauth.secret = { account = \"new\" }\nname = \"r\"\n");
  EXPECT_EQ(with_account("[[routes]]\nauth = { type = 'x' }\nname = \"r\"\n"),
            "[[routes]]\nauth = { type = 'x', secret.account = \"new\" }\nname = \"r\"\n");
}

TEST(ConfigEdit, TakesAKeyOutInEveryLayout) {
  const auto without = [](const std::string& text) {
    return changed_in(text, [](ConfigEntry& entry) { entry.erase("auth.scheme"); });
  };
  EXPECT_EQ(without("[[routes]]\nname = \"r\"\n[routes.auth]\n# why\nscheme = \"Bearer\" # gone\ntype = \"header\"\n"),
            "[[routes]]\nname = \"r\"\n[routes.auth]\n# why\ntype = \"header\"\n");
  EXPECT_EQ(without("[[routes]]\nname = \"r\"\nauth = { scheme = \"x\", type = \"y\" }\n"),
            "[[routes]]\nname = \"r\"\nauth = { type = \"y\" }\n");
  EXPECT_EQ(without("[[routes]]\nname = \"r\"\nauth = { type = \"y\" , scheme = \"x\" }\n"),
            "[[routes]]\nname = \"r\"\nauth = { type = \"y\" }\n");
  EXPECT_EQ(without("[[routes]]\nname = \"r\"\nauth.scheme = \"x\"\nauth.type = \"y\""),
            "[[routes]]\nname = \"r\"\nauth.type = \"y\"");
}

TEST(ConfigEdit, ChangesTheSourceOfASecret) {
  const std::string before =
      "# top\nlisten = 1\n\n[[routes]]\nname = \"r\" # it\n[routes.auth.secret] # there\nsource = "
      "\"keyring\" # first\n# more\naccount = \"a\"\n\n# next\n[tls]\n";
  EXPECT_EQ(
      changed_in(before,
                 [](ConfigEntry& entry) {
                   entry.erase("auth.secret");
                   entry.set("auth.secret.source", std::string("env"));
                   entry.set("auth.secret.variable", std::string("KEY"));
                 }),
      "# top\nlisten = 1\n\n[[routes]]\nname = \"r\" # it\n[routes.auth.secret] # there\nsource = \"env\" # first\n"
      "# more\nvariable = \"KEY\"\n\n# next\n[tls]\n");
}

TEST(ConfigEdit, LeavesAValueThatStaysAsItIsWritten) {
  const std::string text = "[[routes]]\nname = 'r'\nmatch.port = [ 443,  # usual\n 8_443 ]\nmatch.host = 'a'\n";
  EXPECT_EQ(changed_in(text, [](ConfigEntry&) {}), text);
}

TEST(ConfigEdit, ChangesTheEntryOfThatNameOnly) {
  const std::string a = "[[routes]]\nname = \"a\"\n[routes.auth.secret]\naccount = \"a\"\n";
  const std::string r = "[[routes]]\nname = \"r\"\n[routes.auth.secret]\naccount = \"";
  EXPECT_EQ(
      with_account(a + r + "r\"\n" + a + "[[listeners]]\nname = \"r\"\n[listeners.auth.secret]\naccount = \"l\"\n"),
      a + r + "new\"\n" + a + "[[listeners]]\nname = \"r\"\n[listeners.auth.secret]\naccount = \"l\"\n");
}

TEST(ConfigEdit, ServesListenersAsWell) {
  ConfigEntry entry;
  entry.set("name", std::string("db"));
  entry.set("port", std::int64_t{15432});
  entry.set("auth.username", std::string("app"));
  ConfigEdit edit = edit_of("listen = 1\n\n" + kStripe);
  ASSERT_TRUE(edit.add(ConfigList::listeners, entry));
  const std::string added = "\n[[listeners]]\nname = \"db\"\nport = 15432\n[listeners.auth]\nusername = \"app\"\n";
  EXPECT_EQ(edit.text(), "listen = 1\n\n" + kStripe + added);
  entry.set("port", std::int64_t{15433});
  ASSERT_TRUE(edit.replace(ConfigList::listeners, "db", entry));
  EXPECT_THAT(edit.text(), HasSubstr("\nport = 15433\n"));
  ASSERT_TRUE(edit.remove(ConfigList::listeners, "db"));
  EXPECT_EQ(edit.text(), "listen = 1\n\n" + kStripe);
}

TEST(ConfigEdit, SetsAKeyOutsideOfTheLists) {
  EXPECT_EQ(set_in_root("# top\nlisten = 1 # ours\n[tls]\n", "listen", std::int64_t{2}),
            "# top\nlisten = 2 # ours\n[tls]\n");
  EXPECT_EQ(set_in_root("listen = 1\n[tls] # x\nenabled = true\n", "tls.enabled", false),
            "listen = 1\n[tls] # x\nenabled = false\n");
  EXPECT_EQ(set_in_root("listen = 1\n[tls]\n[env]\n", "tls.enabled", false),
            "listen = 1\n[tls]\nenabled = false\n[env]\n");
  EXPECT_EQ(set_in_root("listen = 1\ntls.enabled = true\n", "tls.ca_cert_path", std::string("/a")),
            "listen = 1\ntls.enabled = true\ntls.ca_cert_path = \"/a\"\n");
  EXPECT_EQ(set_in_root("listen = 1", "env.no_proxy", std::vector<std::string>{"a", "b"}),
            "listen = 1\n\n[env]\nno_proxy = [\"a\", \"b\"]\n");
  EXPECT_EQ(set_in_root("# nothing yet\n[tls]\n", "listen", std::int64_t{2}), "listen = 2\n# nothing yet\n[tls]\n");
  EXPECT_EQ(set_in_root("listen = 1\n\n" + kStripe, "allow_uids", std::vector<std::int64_t>{0}),
            "listen = 1\nallow_uids = [0]\n\n" + kStripe);
}

TEST(ConfigEdit, RefusesAListThatIsOneValue) {
  const std::string text = "listen = 1\nroutes = [\n  { name = \"r\", auth = { secret = { account = \"a\" } } },\n]\n";
  const auto refusal = ::testing::AllOf(HasSubstr("line 2: `routes = ...` is one value"), HasSubstr("[[routes]]"));
  EXPECT_THAT(added_to(text), refusal);
  EXPECT_THAT(with_account(text), refusal);
  EXPECT_THAT(removed_from(text, "r"), refusal);
}

TEST(ConfigEdit, TakesNoLayoutThatItDoesNotUnderstand) {
  // A key with an escape in it is `name`, and not seen as such: what comes of the change is noticed before it counts.
  const std::string text = "[[routes]]\nname = \"r\"\n[routes.\"a\\u0075th\".secret]\naccount = \"old\"\n";
  EXPECT_THAT(with_account(text), HasSubstr("cannot be edited safely"));
}

TEST(ConfigEdit, TakesNoTextThatIsNotToml) {
  const auto bad = ConfigEdit::create(kFile, "listen = \n");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message(), ::testing::StartsWith("/srv/app/cordon.toml:1:"));
  EXPECT_FALSE(ConfigEdit::create(kFile, "a = \"\xFF\"\n"));
}

TEST(ConfigEdit, TellsWhatAnEntrySays) {
  const auto entries = edit_of("[[routes]]\nname = 'r'\nmatch = { host = 'A.', port = 'any' }\nx = 1.5\ny = [1, 'a']\n")
                           .entries(ConfigList::routes);
  ConfigEntry wanted;
  wanted.set("name", std::string("r"));
  wanted.set("match.host", std::string("A."));
  wanted.set("match.port", std::string("any"));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].text("match.host"), "A.");
  EXPECT_EQ(entries[0].find("x"), nullptr);
  EXPECT_EQ(entries[0].items().size(), wanted.items().size());
}

}  // namespace
}  // namespace cordon::config
