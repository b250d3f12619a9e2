#include <fmt/core.h>

#include "secrets/source.hpp"

namespace cordon::secrets {
namespace {

class EnvSource final : public SecretSource {
 public:
  explicit EnvSource(const Environment& environment) : environment_(environment) {}

  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point /*deadline*/) const override {
    const std::string& name = std::get<EnvRef>(ref).variable;
    if (const auto found = environment_.find(name); found != environment_.end()) return Secret(found->second);
    return fail(Errc::secret_missing,
                fmt::format("the environment variable {} is not set; set it where Cordon is started", name));
  }

  FetchCost cost() const noexcept override { return FetchCost::immediate; }

 private:
  const Environment& environment_;
};

}  // namespace

std::unique_ptr<SecretSource> make_env_source(const Environment& environment) {
  return std::make_unique<EnvSource>(environment);
}

}  // namespace cordon::secrets
