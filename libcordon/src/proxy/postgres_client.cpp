#include "proxy/postgres_client.hpp"

namespace cordon::proxy {
namespace {

bool leads_to_the_same(const Listener& one, const Listener& other) noexcept {
  return one.upstream_host == other.upstream_host && one.upstream_port == other.upstream_port &&
         one.username == other.username && one.upstream_tls == other.upstream_tls;
}

}  // namespace

bool SessionMembership::still_welcome() const noexcept {
  const Settings& current = *client_.worker.settings;
  if (client_.peer && !current.admits(client_.peer->uid)) return false;
  if (client_.stage == PostgresClient::Stage::opening) return true;  // it goes by the new settings in time
  if (client_.stage == PostgresClient::Stage::logging_in && client_.settings != client_.worker.settings) return false;
  const Listener* const listener = current.find_listener(client_.listener_name);
  if (listener == nullptr || !listener->approved || !leads_to_the_same(*listener, *client_.listener)) return false;
  if (client_.access.entry == nullptr) return !listener->require_token;
  return judge_session_token_again(client_.access, client_.worker.tokens, listener->name).refusal.has_value();
}

SessionTask<> write_to(PostgresClient& client, base::ConstBytes bytes) {
  auto written = co_await client.stream->write(bytes);
  if (!written) co_return std::unexpected(end_of_client(std::move(written).error()));
  co_return Session<>{};
}

}  // namespace cordon::proxy
