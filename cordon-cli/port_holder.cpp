#include "port_holder.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";

/// The inodes of the sockets in `table` (/proc/net/tcp, /proc/net/tcp6) that listen on `port`.
void append_listening_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  const std::string port_suffix = fmt::format(":{:04X}", port);
  std::ifstream lines(table);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    if (state == kListening && local.ends_with(port_suffix)) inodes.insert(fmt::format("socket:[{}]", inode));
  }
}

/// The user of the socket in `table` that listens at `address`, as the kernel writes it.
std::optional<unsigned long> listening_user(const char* table, const std::string& address) {
  std::ifstream lines(table);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, queues, timer, retransmits;
    unsigned long uid = 0;
    fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid;
    if (fields && state == kListening && local == address) return uid;
  }
  return std::nullopt;
}

bool holds_one_of(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (sockets.contains(fs::read_symlink(entry->path(), gone).string())) return true;
  }
  return false;
}

std::string program_of(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

std::optional<PortHolder> find_port_holder(std::uint16_t port) {
  std::set<std::string> sockets;
  append_listening_inodes("/proc/net/tcp", port, sockets);
  append_listening_inodes("/proc/net/tcp6", port, sockets);
  if (sockets.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (holds_one_of(entry->path(), sockets)) return PortHolder{std::stoi(name), program_of(entry->path())};
  }
  return std::nullopt;
}

bool is_held_by_another_user(std::uint16_t port) {
  struct Place {
    const char* table;
    std::string address;
  };
  // In the order in which the kernel gives them a connection to 127.0.0.1.
  const std::array<Place, 3> places = {{{"/proc/net/tcp", fmt::format("{:08X}", htonl(INADDR_LOOPBACK))},
                                        {"/proc/net/tcp", std::string(8, '0')},
                                        {"/proc/net/tcp6", std::string(32, '0')}}};
  for (const Place& place : places) {
    const auto user = listening_user(place.table, fmt::format("{}:{:04X}", place.address, port));
    if (user) return *user != ::geteuid() && *user != 0;
  }
  return false;
}

}  // namespace cordon::cli
