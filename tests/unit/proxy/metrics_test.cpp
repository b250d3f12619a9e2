// What is counted, and how it reads.
#include "proxy/metrics.hpp"

#include <gtest/gtest.h>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::Wire;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string written(const Metrics& metrics) {
  std::string out;
  metrics.write(out);
  return out;
}

TEST(Metrics, CountsByRouteAndOutcome) {
  Metrics metrics;
  RouteCounters& route = metrics.of_route("stripe");
  RequestEvent event;
  event.status = 200;
  event.bytes_up = 3;
  event.bytes_down = 5;
  event.injected = true;
  metrics.count(event, &route);
  event.injected = false;
  event.status = 503;
  event.refusal = "secret_unavailable";
  metrics.count(event, &route);
  metrics.count(RequestEvent{}, &route);
  const std::string text = written(metrics);
  for (const std::string_view line : {
           "cordon_requests_total{route=\"stripe\",outcome=\"answered\"} 1\n",
           "cordon_requests_total{route=\"stripe\",outcome=\"refused\"} 1\n",
           "cordon_requests_total{route=\"stripe\",outcome=\"aborted\"} 1\n",
           "cordon_injections_total{route=\"stripe\"} 1\n",
           "cordon_body_bytes_total{route=\"stripe\",direction=\"up\"} 6\n",
           "cordon_body_bytes_total{route=\"stripe\",direction=\"down\"} 10\n",
           "cordon_refusals_total{code=\"secret_unavailable\"} 1\n",
           "# TYPE cordon_requests_total counter\n",
       })
    EXPECT_TRUE(has(text, line)) << line << text;
}

TEST(Metrics, TheSameNameMeansTheSameCounts) {
  Metrics metrics;
  EXPECT_EQ(&metrics.of_route("a"), &metrics.of_route("a"));
  EXPECT_NE(&metrics.of_route("a"), &metrics.of_route("b"));
}

TEST(Metrics, NamesOfRoutesAreEscaped) {
  Metrics metrics;
  metrics.of_route("a\"b\\c\nd");
  EXPECT_TRUE(has(written(metrics), "cordon_injections_total{route=\"a\\\"b\\\\c\\nd\"} 0\n"));
}

TEST(Metrics, EachFamilyIsDescribedOnce) {
  Metrics metrics;
  metrics.of_route("a");
  metrics.of_route("b");
  const std::string text = written(metrics);
  const std::string type = "# TYPE cordon_body_bytes_total";
  EXPECT_EQ(text.find(type), text.rfind(type));
  EXPECT_NE(text.find(type), std::string::npos);
}

/// How a session ended.
RequestEvent session(std::string_view refusal, bool logged_in) {
  RequestEvent event;
  event.refusal = refusal;
  event.injected = logged_in;
  event.bytes_up = 3;
  event.bytes_down = 5;
  return event;
}

TEST(Metrics, SessionsAreCountedByListenerAndOutcome) {
  Metrics metrics;
  ListenerCounters& listener = metrics.of_listener("db");
  metrics.count_session(session("", true), listener);
  metrics.count_session(session("", true), listener);
  metrics.count_session(session("upstream_auth", false), listener);
  metrics.count_session(session("", false), listener);
  metrics.of_listener("quiet");
  ++listener.cancel_requests;
  const OpenSession open(listener);
  const std::string text = written(metrics);
  for (const std::string_view line : {
           "cordon_sessions_total{listener=\"db\",outcome=\"answered\"} 2\n",
           "cordon_sessions_total{listener=\"db\",outcome=\"refused\"} 1\n",
           "cordon_sessions_total{listener=\"db\",outcome=\"aborted\"} 1\n",
           "cordon_sessions_total{listener=\"quiet\",outcome=\"answered\"} 0\n",
           "cordon_open_sessions{listener=\"db\"} 1\n",
           "cordon_open_sessions{listener=\"quiet\"} 0\n",
           "cordon_cancel_requests_total{listener=\"db\"} 1\n",
           "cordon_session_bytes_total{listener=\"db\",direction=\"up\"} 12\n",
           "cordon_session_bytes_total{listener=\"db\",direction=\"down\"} 20\n",
           "cordon_refusals_total{code=\"upstream_auth\"} 1\n",
           "# TYPE cordon_sessions_total counter\n",
           "# TYPE cordon_open_sessions gauge\n",
           "# TYPE cordon_cancel_requests_total counter\n",
           "# TYPE cordon_session_bytes_total counter\n",
       })
    EXPECT_TRUE(has(text, line)) << line << text;
}

TEST(Metrics, ASessionIsOpenAsLongAsItsObject) {
  Metrics metrics;
  ListenerCounters& listener = metrics.of_listener("db");
  EXPECT_EQ(listener.last_login, 0) << "never";
  {
    const OpenSession first(listener);
    EXPECT_GT(listener.last_login, 0);
    const OpenSession second(listener);
    EXPECT_EQ(listener.open, 2U);
  }
  EXPECT_EQ(listener.open, 0U);
}

TEST(Metrics, ListenersAndRoutesOfTheSameNameAreCountedApart) {
  Metrics metrics;
  metrics.of_route("same");
  ListenerCounters& listener = metrics.of_listener("same");
  EXPECT_EQ(&listener, &metrics.of_listener("same"));
  EXPECT_NE(&listener, &metrics.of_listener("other"));
  metrics.count_session(session("", true), listener);
  EXPECT_TRUE(has(written(metrics), "cordon_requests_total{route=\"same\",outcome=\"answered\"} 0\n"));
}

TEST(Metrics, WithoutListenersNothingIsSaidOfThem) {
  Metrics metrics;
  metrics.of_route("a");
  const std::string text = written(metrics);
  EXPECT_FALSE(has(text, "listener"));
  EXPECT_FALSE(has(text, "cordon_open_sessions"));
}

TEST(Metrics, NamesOfListenersAreEscaped) {
  Metrics metrics;
  metrics.of_listener("a\"b\\c\nd");
  const std::string text = written(metrics);
  EXPECT_TRUE(has(text, "cordon_open_sessions{listener=\"a\\\"b\\\\c\\nd\"} 0\n")) << text;
  EXPECT_FALSE(has(text, "\nd\"")) << "a line of its own";
}

TEST(Metrics, EachFamilyOfListenersIsDescribedOnceAndStandsTogether) {
  Metrics metrics;
  metrics.of_listener("a");
  metrics.of_listener("b");
  const std::string text = written(metrics);
  for (const std::string family : {"cordon_sessions_total", "cordon_open_sessions", "cordon_cancel_requests_total",
                                   "cordon_session_bytes_total"}) {
    const std::string type = "# TYPE " + family + " ";
    EXPECT_EQ(text.find(type), text.rfind(type)) << family;
    const std::size_t begin = text.find(type);
    ASSERT_NE(begin, std::string::npos) << family;
    const std::size_t end = text.find("# HELP", begin);
    EXPECT_LT(text.rfind("\n" + family + "{"), end) << family;
  }
}

class MetricsEndpoint : public test::ProxyTest {};

TEST_F(MetricsEndpoint, IsAnsweredOnTheProxyPort) {
  client_.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  const std::string reply = client_.receive_message();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 ")) << reply;
  EXPECT_TRUE(has(reply, "Content-Type: text/plain; version=0.0.4"));
  EXPECT_TRUE(has(reply, "\ncordon_open_connections 1\n"));
}

TEST_F(MetricsEndpoint, D19AReboundNameGets421) {
  client_.send("GET /metrics HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
  EXPECT_EQ(receive_refusal(), "421 misdirected");
}

TEST_F(MetricsEndpoint, CountsWhatWasRefused) {
  client_.send(request("TRACE", "/"));
  EXPECT_EQ(receive_refusal(), "405 method_refused");
  Wire asking = proxy_.connect();
  asking.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_TRUE(has(asking.receive_message(), "cordon_refusals_total{code=\"method_refused\"} 1\n"));
}

}  // namespace
}  // namespace cordon::proxy
