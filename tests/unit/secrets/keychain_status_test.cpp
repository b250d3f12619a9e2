#include "secrets/keychain_status.hpp"

#include <gtest/gtest.h>

namespace cordon::secrets {
namespace {

TEST(KeychainStatus, IsAFaultUnlessItIsSuccess) {
  EXPECT_TRUE(keychain_outcome(kSecSuccess));
  struct Case {
    std::int32_t status;
    KeyringFault fault;
  };
  for (const auto& [status, fault] :
       {Case{-25300, KeyringFault::missing}, Case{-25308, KeyringFault::locked}, Case{-25315, KeyringFault::locked},
        Case{-25291, KeyringFault::locked}, Case{-25293, KeyringFault::refused}, Case{-128, KeyringFault::refused},
        Case{-25294, KeyringFault::no_collection}, Case{-25307, KeyringFault::no_collection},
        Case{-25299, KeyringFault::failed}, Case{-50, KeyringFault::failed}, Case{1, KeyringFault::failed}}) {
    const auto outcome = keychain_outcome(status);
    ASSERT_FALSE(outcome) << status;
    EXPECT_EQ(outcome.error(), fault) << status;
  }
}

}  // namespace
}  // namespace cordon::secrets
