#include "secrets/keyring.hpp"

#include <string>

#include <gtest/gtest.h>

#include "unit/secrets/fake_keyring.hpp"

namespace cordon::secrets {
namespace {

using namespace std::chrono_literals;

const KeyringRef kStripe{.account = "stripe", .service = "cordon", .decode = ""};
const KeyringRef kGithub{.account = "me", .service = "gh:github.com", .decode = "go-keyring"};

struct KeyringSourceTest : testing::Test {
  std::shared_ptr<FakeKeyring::State> state = std::make_shared<FakeKeyring::State>();
  std::unique_ptr<SecretSource> source = make_keyring_source(std::make_unique<FakeKeyring>(state));
  std::chrono::steady_clock::time_point soon = std::chrono::steady_clock::now() + 10s;

  template <class T>
  static Error error_of(const Result<T>& result) {
    return result ? Error{} : result.error();
  }
  Error fetch_error(const KeyringRef& ref) const { return error_of(source->fetch(ref, soon)); }
};

using KeyringSource = KeyringSourceTest;

TEST_F(KeyringSource, FetchesTheValueAsItIsStored) {
  state->entries[{"cordon", "stripe"}] = "go-keyring-base64:Zm9v";
  EXPECT_EQ(source->fetch(kStripe, soon).value().reveal(), "go-keyring-base64:Zm9v") << "nobody asked to decode it";
  EXPECT_EQ(source->cost(), FetchCost::may_block);
}

TEST_F(KeyringSource, DecodesWhatGoKeyringStored) {
  state->entries[{"gh:github.com", "me"}] = "go-keyring-base64:Z2hvXzE=";
  EXPECT_EQ(source->fetch(kGithub, soon).value().reveal(), "gho_1");
  state->entries[{"gh:github.com", "me"}] = "gho_2";
  EXPECT_EQ(source->fetch(kGithub, soon).value().reveal(), "gho_2");
}

TEST_F(KeyringSource, RefusesWhatItCannotDecodeWithoutShowingIt_F1) {
  state->entries[{"gh:github.com", "me"}] = "go-keyring-base64:canary!!";
  const Error error = fetch_error(kGithub);
  EXPECT_EQ(error.code, Errc::secret_invalid);
  EXPECT_NE(error.context.find("me of service gh:github.com"), std::string::npos);
  EXPECT_EQ(error.context.find("canary"), std::string::npos);
}

TEST_F(KeyringSource, SaysHowAMissingEntryGetsThere_F1) {
  const Error own = fetch_error(kStripe);
  EXPECT_EQ(own.code, Errc::secret_missing);
  EXPECT_NE(own.context.find("no entry stripe of service cordon"), std::string::npos);
  EXPECT_NE(own.context.find("`cordon secret set`"), std::string::npos);
  const Error other = fetch_error(kGithub);
  EXPECT_EQ(other.code, Errc::secret_missing);
  EXPECT_NE(other.context.find("`gh auth login`"), std::string::npos);
}

TEST_F(KeyringSource, HasACodeAndAMessageForEachFault_F1) {
  struct Case {
    KeyringFault fault;
    Errc code;
    std::string_view text;
  };
  for (const auto& [fault, code, text] :
       {Case{KeyringFault::locked, Errc::store_unavailable, "is locked"},
        Case{KeyringFault::no_bus, Errc::store_unavailable, "DBUS_SESSION_BUS_ADDRESS"},
        Case{KeyringFault::no_service, Errc::store_unavailable, "Secret Service"},
        Case{KeyringFault::no_collection, Errc::store_unavailable, "no default keyring"},
        Case{KeyringFault::refused, Errc::store_unavailable, "refused"},
        Case{KeyringFault::timed_out, Errc::secret_timeout, "in time"},
        Case{KeyringFault::bad_name, Errc::store_unavailable, "UTF-8"},
        Case{KeyringFault::failed, Errc::store_unavailable, "failed"}}) {
    state->fault = fault;
    for (const Error& error : {fetch_error(kStripe), error_of(source->put(kStripe, Secret("x"), soon)),
                               error_of(source->remove(kStripe, soon))}) {
      EXPECT_EQ(error.code, code);
      EXPECT_NE(error.context.find(text), std::string::npos) << error.context;
    }
  }
}

TEST_F(KeyringSource, StoresReplacesAndRemoves) {
  ASSERT_TRUE(source->can_change(kStripe));
  ASSERT_TRUE(source->put(kStripe, Secret("one"), soon));
  ASSERT_TRUE(source->put(kStripe, Secret("two"), soon));
  EXPECT_EQ(source->fetch(kStripe, soon).value().reveal(), "two");
  ASSERT_TRUE(source->remove(kStripe, soon));
  EXPECT_EQ(source->remove(kStripe, soon).error().code, Errc::secret_missing);
}

TEST_F(KeyringSource, LeavesOtherProgramsEntriesToThem) {
  const auto can = source->can_change(kGithub);
  ASSERT_FALSE(can);
  EXPECT_EQ(can.error().code, Errc::not_supported);
  EXPECT_NE(can.error().context.find("`gh auth login`"), std::string::npos);
}

}  // namespace
}  // namespace cordon::secrets
