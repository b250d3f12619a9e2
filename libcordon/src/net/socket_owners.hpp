// Which processes hold which sockets, read from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace cordon::net {

struct Process {
  pid_t pid = 0;
  std::string program;  ///< As `ps` shows it: the process may have named itself; at most 15 bytes, any bytes.
};

/// The processes that hold the sockets with these numbers (`Peer::inode`), by number: those of our own user that let us look, as
/// root everybody's. The processes `likely` are looked through first, and the search ends with the last socket found. One that no
/// process shows is absent; so are all on systems without /proc. Any thread but a worker's: it takes about 1 us for each
/// descriptor of each process.
std::map<std::uint32_t, Process> find_socket_owners(std::span<const std::uint32_t> inodes,
                                                    std::span<const pid_t> likely);

}  // namespace cordon::net
