// Which bindings a config asks for, and which of them are new (D18: an edited config points a secret at another host).
#include <cordon/bindings.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class BindingsTest : public ::testing::Test {
 protected:
  test::TempDir folder_;
  std::filesystem::path file_ = folder_.path() / "state" / "bindings.toml";

  void record(const Config& config, ApprovalRule rule = ApprovalRule::advised) const {
    const auto recorded = record_bindings(config, file_, rule);
    ASSERT_TRUE(recorded) << recorded.error().message();
  }
  void record(const std::string& text, ApprovalRule rule = ApprovalRule::advised) const {
    record(config_of(text), rule);
  }
  BindingReview review(const Config& config, ApprovalRule rule = ApprovalRule::advised) const {
    auto reviewed = review_bindings(config, file_, rule);
    if (reviewed) return *reviewed;
    ADD_FAILURE() << reviewed.error().message();
    return {};
  }
  /// The names of the routes and listeners whose bindings are new.
  std::vector<std::string> unapproved(const std::string& text, ApprovalRule rule = ApprovalRule::advised) const {
    std::vector<std::string> names;
    for (const RequestedBinding& binding : review(config_of(text), rule).unapproved)
      names.push_back(binding.name);
    return names;
  }
  void approve(const std::string& text) const {
    const auto asked = unapproved_bindings(config_of(text), file_);
    ASSERT_TRUE(asked) << asked.error().message();
    for (const RequestedBinding& wanted : *asked) {
      const auto approved = approve_bindings(std::span(&wanted.binding, 1), file_);
      ASSERT_TRUE(approved) << approved.error().message();
    }
  }
};

Binding binding_of(const std::string& text) {
  return requested_bindings(config_of(text)).front().binding;
}

std::vector<std::string> reference_of(const std::string& secret, const std::string& more = "") {
  return binding_of(RouteText{.secret = secret + more}).secret;
}

TEST(RequestedBindings, NameEveryKeyOfAReference) {
  EXPECT_THAT(reference_of("source = \"env\"\nvariable = \"KEY\""), ElementsAre("env", "variable=KEY"));
  EXPECT_THAT(reference_of("source = \"file\"\npath = \"k\""), ElementsAre("file", "path=/srv/app/k"));
  EXPECT_THAT(reference_of("source = \"keyring\"\naccount = \"a\""),
              ElementsAre("keyring", "account=a", "service=cordon"));
  EXPECT_THAT(reference_of("source = \"keyring\"\naccount = \"a\"\nservice = \"s\"\ndecode = \"go-keyring\""),
              ElementsAre("keyring", "account=a", "service=s", "decode=go-keyring"));
  EXPECT_THAT(reference_of("source = \"1password\"\nvault = \"v\"\nitem = \"i\"\nfield = \"f\"\naccount = \"a\""),
              ElementsAre("1password", "vault=v", "item=i", "field=f", "account=a"));
  EXPECT_THAT(reference_of("source = \"command\"\nargv = [\"pass\", \"show\", \"\", \"a b\"]"),
              ElementsAre("command", "pass", "show", "", "a b"));
}

TEST(RequestedBindings, NameTheHelperThatGetsTheSecret) {
  EXPECT_THAT(reference_of("source = \"1password\"\nvault = \"v\"\nitem = \"i\"\nfield = \"f\"",
                           "\n[[secrets.providers]]\ntype = \"1password\"\npath = \"/tmp/op\""),
              ElementsAre("1password", "vault=v", "item=i", "field=f", "program=/tmp/op"));
}

TEST(RequestedBindings, NameHostPortsAndWhatWeakensTheWay) {
  const Binding plain = binding_of(RouteText{.match = "host = \"API.example.com.\"\nport = [8443, 443]"});
  EXPECT_EQ(plain.host, "api.example.com");
  EXPECT_EQ(plain.ports, (PortSet{false, {443, 8443}}));
  EXPECT_THAT(plain.terms, ElementsAre("header_name=x-key", "name=r"));
  EXPECT_THAT(binding_of(RouteText{.auth = "type = \"basic\"\nusername = \"u\""}).terms, ElementsAre("name=r"));
  EXPECT_THAT(binding_of(RouteText{.top = "name = \"r\"\nallow_plaintext = true\nupstream_ca_path = \"own.pem\"",
                                   .head = "listen = 1\n[tls]\nupstream_ca_path = \"/all.pem\""})
                  .terms,
              ElementsAre("allow_plaintext", "upstream_ca_path=/all.pem", "upstream_ca_path=/srv/app/own.pem",
                          "header_name=x-key", "name=r"));
  EXPECT_THAT(binding_of(RouteText{.auth = "type = \"header\"\nheader_name = \"X-Api-Key\""}).terms,
              ElementsAre("header_name=x-api-key", "name=r"));
}

TEST(RequestedBindings, HoldListenersToo) {
  const auto requested = requested_bindings(
      config_of(ListenerText{.top = "port = 15432\nupstream = \"127.0.0.1:6432\"\nupstream_tls = \"disable\""}));
  ASSERT_THAT(requested, SizeIs(1));
  EXPECT_EQ(requested[0].name, "l");
  EXPECT_EQ(destination_text(requested[0].binding), "127.0.0.1:6432");
  EXPECT_THAT(requested[0].binding.terms, ElementsAre("upstream_tls=disable", "name=l"));
}

TEST(RequestedBindings, TellTheSourceWithoutArguments) {
  const auto requested =
      requested_bindings(config_of(RouteText{.secret = "source = \"command\"\nargv = [\"get\", \"--key=hunter2\"]"}));
  EXPECT_EQ(requested[0].source, "command get");
}

TEST_F(BindingsTest, AreTrustedOnFirstUse) {
  const BindingReview first = review(config_of(RouteText{}));
  EXPECT_TRUE(first.first_start);
  EXPECT_THAT(first.unapproved, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(file_));
  record(RouteText{});
  EXPECT_FALSE(review(config_of(RouteText{})).first_start);
  EXPECT_THAT(unapproved(RouteText{}), IsEmpty());
}

TEST_F(BindingsTest, OfAConfigWithoutRoutesAreAFirstUseToo) {
  record("listen = 6790\n");
  EXPECT_THAT(unapproved(RouteText{}), ElementsAre("r"));
}

TEST_F(BindingsTest, AreNewWhenAnyPartChanges) {
  record(RouteText{});
  const std::vector<std::string> changed = {
      RouteText{.match = "host = \"evil.example.com\""},
      RouteText{.match = "host = \"api.example.com\"\nport = 8443"},
      RouteText{.match = "host = \"api.example.com\"\nport = [443, 8443]"},
      RouteText{.match = "host = \"api.example.com\"\nport = \"any\""},
      RouteText{.secret = "source = \"env\"\nvariable = \"OTHER\""},
      RouteText{.secret = "source = \"file\"\npath = \"KEY\""},
      RouteText{.secret = "source = \"command\"\nargv = [\"variable=KEY\"]"},
      RouteText{.top = "name = \"r\"\nallow_plaintext = true", .match = "host = \"api.example.com\"\nport = 443"},
      RouteText{.top = "name = \"r\"\nupstream_ca_path = \"/mine.pem\""},
      RouteText{.head = "listen = 6790\n[tls]\nupstream_ca_path = \"/mine.pem\""},
  };
  for (const std::string& text : changed)
    EXPECT_THAT(unapproved(text), ElementsAre("r")) << text;
}

TEST_F(BindingsTest, AreNewWhenACommandsArgumentChanges) {
  record(RouteText{.secret = "source = \"command\"\nargv = [\"pass\", \"show\", \"a b\"]"});
  for (const char* argv : {"\"pass\", \"show\", \"c\"", "\"pass\", \"show\", \"a\", \"b\"", "\"pass\", \"show\"",
                           "\"/tmp/pass\", \"show\", \"a b\"", "\"pass\", \"show\", \"a b\", \"\""}) {
    EXPECT_THAT(unapproved(RouteText{.secret = "source = \"command\"\nargv = [" + std::string(argv) + "]"}), SizeIs(1))
        << argv;
  }
}

TEST_F(BindingsTest, AreNotNewWhenNothingThatMattersChanges) {
  record(RouteText{.match = "host = \"api.example.com\"\nport = [443, 8443]"});
  const std::vector<std::string> same = {
      RouteText{.match = "host = \"api.example.com\"\nport = [8443, 443]"},
      RouteText{.match = "host = \"api.example.com\"\nport = 8443"},
      RouteText{.auth = "type = \"basic\"\nusername = \"somebody\""},
  };
  for (const std::string& text : same)
    EXPECT_THAT(unapproved(text), IsEmpty()) << text;
}

TEST_F(BindingsTest, AreNewInAFieldThatOriginsMayShow_D18) {
  record(RouteText{});
  EXPECT_THAT(unapproved(RouteText{.auth = "type = \"header\"\nheader_name = \"Origin\""}), SizeIs(1));
  approve(RouteText{.auth = "type = \"header\"\nheader_name = \"X-Api-Key\""});
  EXPECT_THAT(unapproved(RouteText{.auth = "type = \"header\"\nheader_name = \"x-api-key\""}), IsEmpty());
  EXPECT_THAT(unapproved(RouteText{.auth = "type = \"header\"\nheader_name = \"Cookie\""}), SizeIs(1));
}

TEST_F(BindingsTest, AreNewUnderAnotherName_K7) {
  record(RouteText{});
  EXPECT_THAT(unapproved(RouteText{.top = "name = \"renamed\""}), SizeIs(1));
}

TEST_F(BindingsTest, AreNotNewWithFewerTerms) {
  record(RouteText{.top = "name = \"r\"\nupstream_ca_path = \"/corp.pem\""});
  EXPECT_THAT(unapproved(RouteText{}), IsEmpty());
}

TEST_F(BindingsTest, OfAnyPortCoverEachPort) {
  record(RouteText{.match = "host = \"api.example.com\"\nport = \"any\""});
  EXPECT_THAT(unapproved(RouteText{.match = "host = \"api.example.com\"\nport = 8443"}), IsEmpty());
}

TEST_F(BindingsTest, StayNewUntilTheyAreApproved) {
  record(RouteText{});
  const RouteText moved{.match = "host = \"evil.example.com\""};
  for (int start = 0; start < 3; ++start) {
    record(moved);
    EXPECT_THAT(unapproved(moved), ElementsAre("r"));
  }
  EXPECT_THAT(review(config_of(moved)).unapproved.front().first_used,
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"));
  approve(moved);
  EXPECT_THAT(unapproved(moved), IsEmpty());
  EXPECT_THAT(unapproved(RouteText{}), IsEmpty());
}

TEST_F(BindingsTest, AreNotNewWhenARouteComesBack) {
  record(RouteText{});
  record("listen = 6790\n");
  EXPECT_THAT(unapproved(RouteText{}), IsEmpty());
}

TEST_F(BindingsTest, ThatNobodyApprovedDoNotPileUp) {
  record("listen = 6790\n");
  record(RouteText{});
  const auto size = std::filesystem::file_size(file_);
  for (const char* host : {"aaa.example.com", "bbb.example.com", "ccc.example.com"})
    record(RouteText{.match = "host = \"" + std::string(host) + "\""});
  EXPECT_EQ(std::filesystem::file_size(file_), size);
}

TEST_F(BindingsTest, AreWithheldWhenApprovalIsRequired) {
  Config config = config_of(RouteText{});
  config.listeners = config_of(ListenerText{}).listeners;
  const BindingReview first = review(config, ApprovalRule::required);
  EXPECT_THAT(first.unapproved, SizeIs(2));
  withhold_unapproved(config, first);
  EXPECT_FALSE(config.routes[0].approved);
  EXPECT_FALSE(config.listeners[0].approved);
  record(config, ApprovalRule::required);
  EXPECT_THAT(unapproved(RouteText{}, ApprovalRule::required), ElementsAre("r"));
  approve(RouteText{});
  EXPECT_THAT(unapproved(RouteText{}, ApprovalRule::required), IsEmpty());
}

TEST_F(BindingsTest, AreNotWithheldWhenApprovalIsAdvised) {
  record("listen = 6790\n");
  Config config = config_of(RouteText{});
  withhold_unapproved(config, review(config));
  EXPECT_TRUE(config.routes[0].approved);
}

TEST_F(BindingsTest, ApprovedAheadOfTheFirstStartAreTheOnlyOnesTrusted) {
  approve(RouteText{});
  EXPECT_THAT(unapproved(RouteText{}), IsEmpty());
  EXPECT_THAT(unapproved(RouteText{.match = "host = \"other.example.com\""}), ElementsAre("r"));
}

TEST_F(BindingsTest, ShowAReferenceWholeAndHarmless) {
  Binding binding{{"command", "pa ss", "it's", "\x1b[2J\xe2\x80\xae", std::string(500, 'x')}, "::1", {true, {}}, {}};
  EXPECT_EQ(reference_text(binding), "command 'pa ss' 'it'\\''s' '\\u001b[2J\\u202e' " + std::string(500, 'x'));
  EXPECT_EQ(destination_text(binding), "[::1]:*");
  binding.ports = {false, {443, 8443}};
  EXPECT_EQ(destination_text(binding), "[::1]:443,8443");
}

class ApprovalRuleTest : public ::testing::Test {
 protected:
  test::TempDir folder_;
  std::filesystem::path user_ = folder_.path() / "cordon.toml";

  Result<ApprovalRule> rule(const std::string& user_text, const Config& own = {}, mode_t mode = 0600) const {
    std::ofstream(user_) << user_text;
    ::chmod(user_.c_str(), mode);
    return approval_rule(own, user_);
  }
};

TEST_F(ApprovalRuleTest, IsAdvisedByDefault) {
  EXPECT_EQ(approval_rule({}, user_), ApprovalRule::advised);
  EXPECT_EQ(approval_rule({}, folder_.path() / "no/such/folder"), ApprovalRule::advised);
  EXPECT_EQ(rule(RouteText{}), ApprovalRule::advised);
}

TEST_F(ApprovalRuleTest, IsRequiredByTheUsersFileWhateverTheProjectsSays) {
  Config own;
  own.secrets.require_approval = false;
  EXPECT_EQ(rule("listen = 1\n[secrets]\nrequire_approval = true\n", own), ApprovalRule::required);
}

TEST_F(ApprovalRuleTest, IsRequiredByTheProjectsOwnFile) {
  Config own;
  own.secrets.require_approval = true;
  EXPECT_EQ(rule("listen = 1\n[secrets]\nrequire_approval = false\n", own), ApprovalRule::required);
}

TEST_F(ApprovalRuleTest, NeedsNoPort) {
  EXPECT_EQ(rule("[secrets]\nrequire_approval = true\n"), ApprovalRule::required);
}

TEST_F(ApprovalRuleTest, IsNotGuessedFromAFileWithFaults) {
  for (const char* text : {"[secrets]\nrequire_aproval = true\n", "[secrts]\nrequire_approval = true\n",
                           "[secrets]\nrequire_approval = \"yes\"\n", "[secrets\n", "listen = 1\n\xff"}) {
    const auto found = rule(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, Errc::config_invalid);
    EXPECT_THAT(found.error().message(), ::testing::HasSubstr(user_.native()));
  }
}

TEST_F(ApprovalRuleTest, IsNotTakenFromAFileThatOthersCanWrite) {
  EXPECT_FALSE(rule("[secrets]\nrequire_approval = false\n", {}, 0666));
  std::filesystem::remove(user_);
  std::filesystem::create_directory(user_);
  EXPECT_FALSE(approval_rule({}, user_));
}

}  // namespace
}  // namespace cordon::config
