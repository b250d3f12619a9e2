// What the peer check adds to a connection: the kernel's answer, beside a whole connection over loopback; and what it takes to
// find out in the background which program it is.
#include <benchmark/benchmark.h>

#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "net/asio.hpp"
#include "net/peer.hpp"
#include "net/socket_owners.hpp"

namespace {

using namespace cordon;

struct Loopback {
  asio::io_context io{1};
  net::Acceptor acceptor{io.get_executor(), {asio::ip::address_v4::loopback(), 0}};
  asio::ip::tcp::endpoint own = acceptor.local_endpoint();

  net::Socket connect() {
    net::Socket client(io.get_executor());
    client.connect(own);
    return client;
  }
};

/// As for each accepted connection: the address of the client, then whose it is.
void look_up_peer(benchmark::State& state) {
  Loopback loopback;
  const net::Socket client = loopback.connect();
  const net::Socket accepted = loopback.acceptor.accept();
  net::PeerLookup lookup;
  for (auto _ : state) {
    if (!lookup.find(accepted.remote_endpoint(), loopback.own)) state.SkipWithError("the peer is not found");
  }
}
BENCHMARK(look_up_peer);

/// The same while the kernel's tables hold many other connections.
void look_up_peer_among(benchmark::State& state) {
  Loopback loopback;
  std::vector<net::Socket> others;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    others.push_back(loopback.connect());
    others.push_back(loopback.acceptor.accept());
  }
  net::PeerLookup lookup;
  std::size_t next = 1;
  for (auto _ : state) {
    if (!lookup.find(others[next].remote_endpoint(), loopback.own)) state.SkipWithError("the peer is not found");
    next = next + 2 < others.size() ? next + 2 : 1;
  }
}
BENCHMARK(look_up_peer_among)->ArgName("connections")->Arg(400);

/// What a connection costs without it: connect, accept, close both ends.
void connect_and_accept(benchmark::State& state) {
  Loopback loopback;
  const linger now{1, 0};  // no TIME_WAIT: a long run would run out of ports
  for (auto _ : state) {
    net::Socket client = loopback.connect();
    const net::Socket accepted = loopback.acceptor.accept();
    ::setsockopt(client.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    client.close();
  }
}
BENCHMARK(connect_and_accept);

struct OwnSocket {
  Loopback loopback;
  net::Socket client = loopback.connect();
  std::uint32_t inode() {
    struct stat info {};
    ::fstat(client.native_handle(), &info);
    return static_cast<std::uint32_t>(info.st_ino);
  }
};

/// A socket of the process that was found last.
void find_program_again(benchmark::State& state) {
  OwnSocket own;
  const std::array wanted{own.inode()};
  const std::array likely{::getpid()};
  for (auto _ : state) {
    if (net::find_socket_owners(wanted, likely).empty()) state.SkipWithError("the program is not found");
  }
}
BENCHMARK(find_program_again);

/// A socket that nobody has any more: all processes of the machine are looked through.
void search_all_programs(benchmark::State& state) {
  const std::array wanted{std::uint32_t{1}};
  for (auto _ : state) {
    if (!net::find_socket_owners(wanted, {}).empty()) state.SkipWithError("a program has the socket");
  }
}
BENCHMARK(search_all_programs)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
