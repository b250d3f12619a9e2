#include "tokens/token_watch.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <fmt/format.h>

namespace cordon::tokens {
namespace {

std::int64_t in_nanoseconds(const timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

TokenWatch::Stamp TokenWatch::look() const {
  struct stat info {};
  if (::lstat(path_.c_str(), &info) != 0) {
    // What cannot be looked at may be there.
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    return {.present = !absent};
  }
#ifdef __APPLE__
  const timespec &written = info.st_mtimespec, &changed = info.st_ctimespec;
#else
  const timespec &written = info.st_mtim, &changed = info.st_ctim;
#endif
  return {true,
          static_cast<std::uint64_t>(info.st_dev),
          info.st_ino,
          info.st_size,
          in_nanoseconds(written),
          in_nanoseconds(changed)};
}

/// File systems count time in ticks: what happens to a file twice within one of them leaves the same times.
bool TokenWatch::may_change_unseen(const Stamp& stamp) {
  using namespace std::chrono;
  if (!stamp.present) return false;
  const std::int64_t now = duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
  const std::int64_t tick = stamp.changed % 1'000'000'000 == 0 ? 2'000'000'000 : 100'000'000;
  return std::max(now - stamp.changed, stamp.changed - now) < tick;
}

std::shared_ptr<const TokenSet> TokenWatch::current() {
  if (path_.empty()) return nullptr;
  const Stamp seen = look();
  const std::scoped_lock lock(mutex_);
  if (seen != stamp_ || !settled_) refresh();
  return tokens_;
}

void TokenWatch::refresh() {
  // Looked at again: another thread may have been here since, with something newer. Before it is read: a change in between shows
  // the next time.
  stamp_ = look();
  settled_ = !may_change_unseen(stamp_);
  if (!stamp_.present) {
    if (tokens_) close("the file is gone");
    return;
  }
  auto loaded = TokenFile(path_).load();
  loaded ? accept(std::move(*loaded)) : close(loaded.error().message());
}

void TokenWatch::accept(TokenSet tokens) {
  const bool same = tokens_ && reason_.empty() && std::ranges::equal(tokens_->entries(), tokens.entries());
  if (same) return;
  std::string names;
  for (const TokenEntry& entry : tokens.entries())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", entry.info.name);
  tokens_ = std::make_shared<const TokenSet>(std::move(tokens));
  reason_.clear();
  sink_.on_notice(LogLevel::info, fmt::format("tokens are enforced: {}", names));
}

void TokenWatch::close(std::string reason) {
  if (tokens_ && reason_ == reason) return;
  tokens_ = std::make_shared<const TokenSet>();
  reason_ = std::move(reason);
  sink_.on_notice(LogLevel::error,
                  fmt::format("no token is accepted until {} is good again: {}", path_.native(), reason_));
}

}  // namespace cordon::tokens
