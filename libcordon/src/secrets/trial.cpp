// try_secrets of <cordon/diagnostics.hpp>.
#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

#include <cordon/diagnostics.hpp>

namespace cordon {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxThreads = 32;

SecretTrial try_one(const SecretStore& store, const SecretRef& ref) {
  const auto start = steady_clock::now();
  const auto value = store.fetch(ref, store.default_deadline(ref));
  SecretTrial trial;
  trial.took = std::chrono::ceil<milliseconds>(steady_clock::now() - start);
  if (!value) trial.error = value.error();
  return trial;
}

}  // namespace

std::vector<SecretTrial> try_secrets(const SecretStore& store, std::span<const SecretRef> refs) {
  std::vector<SecretTrial> trials(refs.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&store, refs, &trials, &next] {
    for (std::size_t i = next++; i < refs.size(); i = next++)
      trials[i] = try_one(store, refs[i]);
  };
  std::vector<std::jthread> threads;
  try {
    while (threads.size() + 1 < std::min(refs.size(), kMaxThreads))
      threads.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads to be had: those that run do it all.
  }
  work();
  threads.clear();
  return trials;
}

}  // namespace cordon
