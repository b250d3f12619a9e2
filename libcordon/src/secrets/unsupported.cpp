#include "secrets/source.hpp"

namespace cordon::secrets {
namespace {

class UnsupportedSource final : public SecretSource {
 public:
  Result<Secret> fetch(const SecretRef& /*ref*/, std::chrono::steady_clock::time_point /*deadline*/) const override {
    return fail(Errc::not_supported,
                "this version cannot fetch from the system's keyring; use source = \"command\" with the keyring's own "
                "program, such as argv = [\"secret-tool\", \"lookup\", \"service\", \"cordon\", \"account\", "
                "\"<account>\"]");
  }

  FetchCost cost() const noexcept override { return FetchCost::immediate; }
};

}  // namespace

std::unique_ptr<SecretSource> make_unsupported_source() {
  return std::make_unique<UnsupportedSource>();
}

}  // namespace cordon::secrets
