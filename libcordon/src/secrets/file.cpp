#include <sys/stat.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/files.hpp"
#include "secrets/source.hpp"
#include "secrets/value.hpp"

namespace cordon::secrets {
namespace {

constexpr std::size_t kMaxFile = kMaxSecret + 2;  // with its newline

#ifdef __APPLE__
const timespec& changed_at(const struct stat& info) {
  return info.st_ctimespec;
}
const timespec& written_at(const struct stat& info) {
  return info.st_mtimespec;
}
#else
const timespec& changed_at(const struct stat& info) {
  return info.st_ctim;
}
const timespec& written_at(const struct stat& info) {
  return info.st_mtim;
}
#endif

// Two equal ones are the same file with the same content, owner and mode.
struct Identity {
  explicit Identity(const struct stat& info)
      : device(info.st_dev),
        inode(info.st_ino),
        size(info.st_size),
        written_s(written_at(info).tv_sec),
        written_ns(written_at(info).tv_nsec),
        changed_s(changed_at(info).tv_sec),
        changed_ns(changed_at(info).tv_nsec) {}
  bool operator==(const Identity&) const = default;

  dev_t device;
  ino_t inode;
  off_t size;
  time_t written_s;
  long written_ns;
  time_t changed_s;
  long changed_ns;
};

// A file system's clock ticks in steps of up to a second: a second change right after the first may leave the same
// times behind. So only a file whose last change is a second old is known by them.
bool has_settled(const struct stat& info) {
  const timespec& changed = changed_at(info);
  const auto at = std::chrono::seconds(changed.tv_sec) + std::chrono::nanoseconds(changed.tv_nsec);
  return std::chrono::system_clock::now().time_since_epoch() >= at + std::chrono::seconds(1);
}

// In the words of SecretSource.
std::unexpected<Error> fail_fetch(Error error, bool too_large = false) {
  if (error.code == Errc::file_missing) error.code = Errc::secret_missing;
  if (error.code == Errc::file_failed) error.code = too_large ? Errc::secret_invalid : Errc::store_unavailable;
  return std::unexpected(std::move(error));
}

class FileSource final : public SecretSource {
 public:
  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point /*deadline*/) const override {
    const std::filesystem::path& path = std::get<FileRef>(ref).path;
    if (!path.is_absolute()) {
      return fail(Errc::store_unavailable, fmt::format("the path {} of a secret must be absolute", path.native()));
    }
    if (auto known = unchanged(path)) return std::move(*known);
    return read(path);
  }

  FetchCost cost() const noexcept override { return FetchCost::immediate; }

 private:
  struct Known {
    Identity identity;
    Secret value;
  };

  std::optional<Secret> unchanged(const std::filesystem::path& path) const {
    struct stat info {};
    const bool there = ::stat(path.c_str(), &info) == 0;
    const std::scoped_lock lock(mutex_);
    const auto found = known_.find(path.native());
    if (found == known_.end()) return std::nullopt;
    if (there && found->second.identity == Identity(info)) return found->second.value.clone();
    known_.erase(found);
    return std::nullopt;
  }

  // People and mounts place secrets as links; the checks are on what is opened behind them.
  Result<Secret> read(const std::filesystem::path& path) const {
    auto file = base::open_regular_file(path, base::Symlinks::follow);
    if (!file) return fail_fetch(std::move(file.error()));
    if (auto safe = base::check_private(file->info, path, base::Readers::group_if_root_owned); !safe) {
      return fail_fetch(std::move(safe.error()));
    }
    auto content = base::read_private(file->fd.get(), kMaxFile, path);
    if (!content) return fail_fetch(std::move(content.error()), file->info.st_size > static_cast<off_t>(kMaxFile));
    Secret value(content->view());
    if (has_settled(file->info)) {
      const std::scoped_lock lock(mutex_);
      known_.insert_or_assign(path.native(), Known{Identity(file->info), value.clone()});
    }
    return value;
  }

  mutable std::mutex mutex_;
  mutable std::map<std::string, Known> known_;  // one entry a path of the configuration
};

}  // namespace

std::unique_ptr<SecretSource> make_file_source() {
  return std::make_unique<FileSource>();
}

}  // namespace cordon::secrets
