#include "net/socket_owners.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <ranges>
#include <string_view>
#include <unordered_set>

#include "base/files.hpp"

namespace cordon::net {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The number of the socket that the descriptor `name` of an open /proc/<pid>/fd stands for: its link reads `socket:[123]`.
std::optional<std::uint32_t> socket_behind(DIR* descriptors, const char* name) {
  constexpr std::string_view kBefore = "socket:[";
  std::array<char, 32> target;
  const ssize_t size = ::readlinkat(::dirfd(descriptors), name, target.data(), target.size());
  if (size < 0) return std::nullopt;
  std::string_view text(target.data(), static_cast<std::size_t>(size));
  if (!text.starts_with(kBefore) || !text.ends_with(']')) return std::nullopt;
  text.remove_prefix(kBefore.size());
  text.remove_suffix(1);
  return parse_number<std::uint32_t>(text);
}

/// All processes, the youngest first: those that come and go are clients more often than those that stay.
std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  const Folder processes(::opendir("/proc"));
  while (const dirent* entry = processes ? ::readdir(processes.get()) : nullptr) {
    if (const auto pid = parse_number<pid_t>(entry->d_name)) pids.push_back(*pid);
  }
  std::ranges::sort(pids, std::greater<>());
  return pids;
}

class Search {
 public:
  explicit Search(std::span<const std::uint32_t> inodes) : wanted_(inodes.begin(), inodes.end()) {}

  void look_through(std::span<const pid_t> pids) {
    for (const pid_t pid : pids) {
      if (wanted_.empty()) return;
      look_through(pid);
    }
  }
  bool is_over() const noexcept { return wanted_.empty(); }
  std::map<std::uint32_t, Process> take() && { return std::move(found_); }

 private:
  void look_through(pid_t pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const Folder descriptors(::opendir((folder + "/fd").c_str()));
    std::optional<std::string> program;
    while (const dirent* entry = descriptors ? ::readdir(descriptors.get()) : nullptr) {
      const auto inode = socket_behind(descriptors.get(), entry->d_name);
      if (!inode || wanted_.erase(*inode) == 0) continue;
      if (!program) program = name_of(folder);
      found_[*inode] = {pid, *program};
    }
  }

  static std::string name_of(const std::string& folder) {
    std::string name = base::read_file(folder + "/comm", 64).value_or("");
    if (name.ends_with('\n')) name.pop_back();
    return name;
  }

  std::unordered_set<std::uint32_t> wanted_;
  std::map<std::uint32_t, Process> found_;
};

}  // namespace

std::map<std::uint32_t, Process> find_socket_owners(std::span<const std::uint32_t> inodes,
                                                    std::span<const pid_t> likely) {
  Search search(inodes);
  search.look_through(likely);
  if (!search.is_over()) search.look_through(all_processes());
  return std::move(search).take();
}

}  // namespace cordon::net
