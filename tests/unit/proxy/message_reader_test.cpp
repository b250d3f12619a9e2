#include "proxy/message_reader.hpp"

#include <gtest/gtest.h>

#include "support/event_loop.hpp"
#include "support/failure_points.hpp"
#include "support/scripted_stream.hpp"

namespace cordon::proxy {
namespace {

using http1::Event;
using http1::Parser;
using test::EventLoop;
using test::Finale;
using test::ScriptedStream;

/// What a reader made of a stream: the heads' targets or statuses, the bodies, the ends, and why it stopped.
struct Seen {
  std::string text;
  Errc end = Errc::internal;
  bool operator==(const Seen&) const = default;
};

std::string describe_head(MessageReader& reader, Parser::Kind kind) {
  if (kind == Parser::Kind::response) return "[" + std::to_string(reader.parser().response().status) + "]";
  return "[" + std::string(reader.parser().request().target) + "]";
}

Seen read_all(Parser::Kind kind, std::deque<std::string> pieces) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, std::move(pieces));
  MessageReader reader(kind);
  Seen seen;
  for (;;) {
    const auto event = loop.run(reader.next(stream));
    if (!event) {
      seen.end = event.error().code;
      return seen;
    }
    if (*event == Event::head) seen.text += describe_head(reader, kind);
    if (*event == Event::body) seen.text += base::as_text(reader.parser().body());
    if (*event == Event::end) seen.text += ";";
  }
}

struct Dialogue {
  Parser::Kind kind;
  std::string bytes;
  Seen expected;
};

const Dialogue kDialogues[] = {
    {Parser::Kind::request,
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
     {"[/1];[/2]body;", Errc::end_of_stream}},
    {Parser::Kind::request,
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: 1\r\n\r\n",
     {"[/]abcde;", Errc::end_of_stream}},
    {Parser::Kind::request,
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\ncut",
     {"[/]cut", Errc::bad_request}},
    {Parser::Kind::request, "GET / HTTP/1.1\r\nHost: a\r\n", {"", Errc::bad_request}},
    {Parser::Kind::response,
     "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     {"[103];[200]ok;", Errc::end_of_stream}},
    {Parser::Kind::response, "HTTP/1.1 200 OK\r\n\r\nuntil the end", {"[200]until the end;", Errc::end_of_stream}},
    {Parser::Kind::response,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
     {"[200]abc", Errc::upstream_protocol}},
    {Parser::Kind::response, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", {"[200]cut", Errc::upstream_protocol}},
};

TEST(MessageReader, SeesTheSameWhereverTheBytesAreSplit) {
  for (const Dialogue& dialogue : kDialogues) {
    for (std::size_t at = 0; at <= dialogue.bytes.size(); ++at) {
      std::deque<std::string> pieces;
      for (std::string piece : {dialogue.bytes.substr(0, at), dialogue.bytes.substr(at)}) {
        if (!piece.empty()) pieces.push_back(std::move(piece));
      }
      EXPECT_EQ(read_all(dialogue.kind, pieces).text, dialogue.expected.text) << dialogue.bytes << " split at " << at;
      EXPECT_EQ(read_all(dialogue.kind, pieces).end, dialogue.expected.end) << dialogue.bytes << " split at " << at;
    }
    EXPECT_EQ(read_all(dialogue.kind, test::byte_by_byte(dialogue.bytes)), dialogue.expected) << dialogue.bytes;
  }
}

TEST(MessageReader, AFailedReadIsItsErrorAtWhicheverByteItComes) {
  const Dialogue& dialogue = kDialogues[0];
  const int points = test::for_each_failure_point([&](int point) {
    EventLoop loop;
    ScriptedStream stream(loop.watchdog, test::byte_by_byte(dialogue.bytes));
    stream.fail_at(point, Errc::connection_lost);
    MessageReader reader(dialogue.kind);
    auto event = loop.run(reader.next(stream));
    while (event)
      event = loop.run(reader.next(stream));
    EXPECT_EQ(event.error().code, stream.has_failed() ? Errc::connection_lost : Errc::end_of_stream) << point;
    return stream.has_failed();
  });
  EXPECT_EQ(points, static_cast<int>(dialogue.bytes.size()) + 1);
}

TEST(MessageReader, WaitsForAMessageWithoutTakingIt) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET"}, Finale::silence);
  MessageReader reader(Parser::Kind::request);
  EXPECT_TRUE(loop.run(reader.wait_for_message(stream)));
  EXPECT_FALSE(stream.exhausted());
  EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::head);
  EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::end);
  EXPECT_TRUE(loop.run(reader.wait_for_message(stream))) << "its first bytes are here already";
}

TEST(MessageReader, AWaitEndsAtTheStreamsDeadline) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, {}, Finale::silence);
  stream.expires_after(std::chrono::milliseconds(1));
  MessageReader reader(Parser::Kind::request);
  EXPECT_EQ(loop.run(reader.wait_for_message(stream)).error().code, Errc::timed_out);
}

TEST(MessageReader, PeekingTakesNothing) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"});
  MessageReader reader(Parser::Kind::request);
  EXPECT_EQ(base::as_text(loop.run(reader.peek(stream)).value()).front(), 'G');
  EXPECT_EQ(base::as_text(loop.run(reader.peek(stream)).value()).front(), 'G');
  EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::head);
}

TEST(MessageReader, NextBufferedNeverReads) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo", "dy"});
  MessageReader reader(Parser::Kind::request);
  EXPECT_EQ(reader.next_buffered().value(), Event::need_more);
  EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::head);
  EXPECT_EQ(reader.next_buffered().value(), Event::body);
  EXPECT_EQ(base::as_text(reader.parser().body()), "bo");
  EXPECT_EQ(reader.next_buffered().value(), Event::need_more);
  EXPECT_TRUE(reader.must_read());
  EXPECT_FALSE(stream.exhausted());
  EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::body);
}

std::string request_of_size(std::size_t size) {
  return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(size, 'x') + "\r\n\r\n";
}

/// Reads one message, then waits in vain for another. @returns what its parser's buffers held before and hold after the wait
std::pair<std::size_t, std::size_t> capacities_around_a_wait(const std::string& message) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, {message}, Finale::silence);
  MessageReader reader(Parser::Kind::request);
  EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::head);
  EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::end);
  const std::size_t before = reader.parser().capacity();
  stream.expires_after(std::chrono::milliseconds(1));
  EXPECT_EQ(loop.run(reader.wait_for_message(stream)).error().code, Errc::timed_out);
  return {before, reader.parser().capacity()};
}

TEST(MessageReader, GivesTheMemoryOfALargeHeadBackWhenIdle) {
  const auto [before, after] = capacities_around_a_wait(request_of_size(60'000));
  EXPECT_GE(before, 60'000U);
  EXPECT_LE(after, 16U * 1024);
}

TEST(MessageReader, KeepsTheMemoryOfAnOrdinaryHeadWhenIdle) {
  const auto [before, after] = capacities_around_a_wait(request_of_size(1'000));
  EXPECT_GE(before, 1'000U);
  EXPECT_EQ(after, before);
}

TEST(MessageReader, ReadsOnAfterItGaveItsMemoryBack) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, {request_of_size(60'000), request_of_size(10)});
  MessageReader reader(Parser::Kind::request);
  for (int message = 0; message < 2; ++message) {
    EXPECT_TRUE(loop.run(reader.wait_for_message(stream)));
    EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::head);
    EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::end);
    reader.release_buffer();
  }
  EXPECT_EQ(loop.run(reader.next(stream)).error().code, Errc::end_of_stream);
}

TEST(MessageReader, KeepsItsBufferWhileBytesOfTheNextMessageAreInIt) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, {request_of_size(10) + request_of_size(20)});
  MessageReader reader(Parser::Kind::request);
  for (int message = 0; message < 2; ++message) {
    EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::head);
    EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::end);
    reader.release_buffer();
  }
  EXPECT_TRUE(reader.must_read());
}

TEST(MessageReader, D16GivesUpTheBytesThatFollowAConnect) {
  EventLoop loop;
  ScriptedStream stream(loop.watchdog, {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01rest"});
  MessageReader reader(Parser::Kind::request);
  EXPECT_EQ(loop.run(reader.next(stream)).value(), Event::head);
  EXPECT_EQ(reader.next_buffered().value(), Event::end);
  EXPECT_EQ(base::as_text(reader.take_unread()), "\x16\x03\x01rest");
  EXPECT_TRUE(reader.must_read());
}

TEST(MessageReader, AfterAResetItReadsAnotherConnectionFromItsBeginning) {
  EventLoop loop;
  ScriptedStream broken(loop.watchdog, {"HTTP/1.1 200 OK\r\nContent-Le"}, Finale::silence);
  ScriptedStream whole(loop.watchdog, {"HTTP/1.1 204 No Content\r\n\r\n"});
  MessageReader reader(Parser::Kind::response);
  broken.expires_after(std::chrono::milliseconds(1));
  EXPECT_EQ(loop.run(reader.next(broken)).error().code, Errc::timed_out);
  EXPECT_TRUE(reader.parser().in_head());
  reader.reset();
  EXPECT_EQ(loop.run(reader.next(whole)).value(), Event::head);
  EXPECT_EQ(reader.parser().response().status, 204);
}

}  // namespace
}  // namespace cordon::proxy
