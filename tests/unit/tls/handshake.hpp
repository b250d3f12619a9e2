// Two TLS sessions in one thread, joined by a pair of memory BIOs.
#pragma once

#include <cstddef>
#include <string>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "tls/context.hpp"

namespace cordon::test {

/// How each side's handshake ended. Words as explain_failure gives them, empty for a side that did not fail.
struct HandshakeOutcome {
  bool client_done = false;
  bool server_done = false;
  std::string client_words;
  std::string server_words;

  bool done() const { return client_done && server_done; }
};

/// Joins the two so that at most `segment` bytes are under way in each direction.
inline void join(SSL& client, SSL& server, std::size_t segment = 17 * 1024) {
  BIO* client_end = nullptr;
  BIO* server_end = nullptr;
  BIO_new_bio_pair(&client_end, segment, &server_end, segment);
  SSL_set_bio(&client, client_end, client_end);
  SSL_set_bio(&server, server_end, server_end);
}

/// One step of one side. @returns whether it may be called again
inline bool step(SSL& ssl, bool& done, std::string& words) {
  if (done) return false;
  if (!words.empty()) {
    SSL_shutdown(&ssl);  // flushes what of the alert is still to be sent
    return false;
  }
  const int outcome = SSL_do_handshake(&ssl);
  if (outcome == 1) {
    done = true;
    return true;
  }
  const int error = SSL_get_error(&ssl, outcome);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return true;
  words = tls::explain_failure(ssl);
  return true;
}

/// Shakes hands until both are done, one has failed and the other has heard of it, or nothing moves any more.
inline HandshakeOutcome shake_hands(SSL& client, SSL& server) {
  HandshakeOutcome outcome;
  for (int round = 0; round < 40'000; ++round) {  // a 1-byte segment costs a round; a hang ends here
    const bool client_moves = step(client, outcome.client_done, outcome.client_words);
    const bool server_moves = step(server, outcome.server_done, outcome.server_words);
    if (!client_moves && !server_moves) break;
  }
  return outcome;
}

inline HandshakeOutcome join_and_shake_hands(SSL& client, SSL& server) {
  join(client, server);
  return shake_hands(client, server);
}

/// What the last alert that `ssl` was sent by its peer is called, such as `unrecognized_name`; needs watch_alerts
/// before.
struct AlertWatch {
  int received = -1;
};

inline void watch_alerts(SSL& ssl, AlertWatch& watch) {
  SSL_set_app_data(&ssl, &watch);
  SSL_set_info_callback(&ssl, [](const SSL* from, int type, int value) {
    if (type == SSL_CB_READ_ALERT) static_cast<AlertWatch*>(SSL_get_app_data(from))->received = value & 0xff;
  });
}

}  // namespace cordon::test
