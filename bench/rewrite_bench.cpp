// What one request costs on its way through the proxy, without sockets: parse, validate, look the route up, decide,
// serialise. Beside it llhttp's own parse of the same bytes, which is the yardstick.
#include <benchmark/benchmark.h>
#include <llhttp.h>

#include <string>

#include "http1/hop_by_hop.hpp"
#include "http1/parser.hpp"
#include "http1/serializer.hpp"
#include "http1/target.hpp"
#include "inject/injector.hpp"
#include "inject/route_table.hpp"
#include "support/allocation_count.hpp"

namespace {

using namespace cordon;

// 300 bytes, as an SDK sends it.
std::string small_get() {
  return "GET /v1/customers?limit=10&starting_after=cus_NffrFeUfNV2Hib HTTP/1.1\r\n"
         "Host: api.example.com\r\n"
         "User-Agent: example-sdk/7.4.0 python/3.11.2\r\n"
         "Accept: application/json\r\n"
         "Accept-Encoding: gzip, deflate\r\n"
         "Authorization: Bearer dummy-key-0123456789\r\n"
         "Connection: keep-alive\r\n"
         "Idempotency-Key: 8e03978e-40d5-43e8\r\n\r\n";
}

// What a browser sends: 30 fields, a body of 100 bytes.
std::string browser_post() {
  return "POST /api/v2/projects/4711/issues/search?expand=names,schema HTTP/1.1\r\n"
         "Host: api.example.com\r\n"
         "Connection: keep-alive\r\n"
         "Content-Length: 100\r\n"
         "Pragma: no-cache\r\n"
         "Cache-Control: no-cache\r\n"
         "sec-ch-ua: \"Chromium\";v=\"124\", \"Google Chrome\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\n"
         "sec-ch-ua-arch: \"x86\"\r\n"
         "sec-ch-ua-bitness: \"64\"\r\n"
         "sec-ch-ua-mobile: ?0\r\n"
         "sec-ch-ua-model: \"\"\r\n"
         "sec-ch-ua-platform: \"Linux\"\r\n"
         "sec-ch-ua-platform-version: \"6.1.0\"\r\n"
         "Authorization: Bearer dummy-key-0123456789\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 "
         "Safari/537.36\r\n"
         "Content-Type: application/json\r\n"
         "Accept: application/json, text/plain, */*\r\n"
         "X-Requested-With: XMLHttpRequest\r\n"
         "X-Request-Id: 6f1c1f0e-5d3c-4a55-9a0c-3b0a3f8f2d11\r\n"
         "X-CSRF-Token: 0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
         "Origin: https://app.example.com\r\n"
         "Sec-Fetch-Site: same-site\r\n"
         "Sec-Fetch-Mode: cors\r\n"
         "Sec-Fetch-Dest: empty\r\n"
         "Referer: https://app.example.com/projects/4711/issues\r\n"
         "Accept-Encoding: gzip, deflate, br, zstd\r\n"
         "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
         "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.2.1234567890.1700000000\r\n"
         "DNT: 1\r\n"
         "Priority: u=1, i\r\n\r\n" +
         std::string(100, 'b');
}

// A head just below the bound of 64 KiB.
std::string large_head() {
  std::string text = "GET / HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer dummy\r\n";
  for (int i = 100; text.size() < http1::kMaxHead - 200; ++i) {
    text += "X-Field-" + std::to_string(i) + ": " + std::string(150, 'v') + "\r\n";
  }
  return text + "\r\n";
}

std::string request_of(benchmark::State& state) {
  switch (state.range(0)) {
    case 0:
      return small_get();
    case 1:
      return browser_post();
    default:
      return large_head();
  }
}

void name_requests(benchmark::internal::Benchmark* bench) {
  bench->ArgName("request")->Arg(0)->Arg(1)->Arg(2);
}

void llhttp_alone(benchmark::State& state) {
  const std::string text = request_of(state);
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  for (auto _ : state) {
    llhttp_t machine;
    llhttp_init(&machine, HTTP_REQUEST, &settings);
    benchmark::DoNotOptimize(llhttp_execute(&machine, text.data(), text.size()));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(llhttp_alone)->Apply(name_requests);

/// Takes every event of one message. @returns whether it ended well
bool drain(http1::Parser& parser, base::ConstBytes input) {
  for (;;) {
    const auto event = parser.next(input);
    if (!event || *event == http1::Event::need_more) return false;
    if (*event == http1::Event::end) return true;
  }
}

void parse_request(benchmark::State& state) {
  const std::string text = request_of(state);
  http1::Parser parser(http1::Parser::Kind::request);
  for (auto _ : state) {
    if (!drain(parser, base::as_bytes(text))) state.SkipWithError("the request is refused");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(parse_request)->Apply(name_requests);

class Rewriter {
 public:
  Rewriter() : routes_({route()}), secret_("sk_live_0123456789abcdef0123456789") {}

  /// The whole way of a request. @returns whether it was forwarded
  bool rewrite(base::ConstBytes input) {
    const auto head = parser_.next(input);
    if (!head || *head != http1::Event::head) return false;
    http1::RequestHead& request = parser_.request();
    const auto target = http1::parse_target(request.method, request.target);
    const auto match = routes_.find(request.value_of(http1::FieldName::host), 443);
    if (!target || match.route == nullptr) return false;
    http1::drop_hop_by_hop(request);
    const auto edits = inject::plan_injection(request, *match.route, secret_);
    out_.clear();
    http1::serialize(request, target->path, match.route->host, edits.view(), out_);
    benchmark::DoNotOptimize(out_.bytes().data());
    return drain(parser_, input);
  }

 private:
  static Route route() {
    Route route;
    route.name = "example";
    route.host = "api.example.com";
    route.ports.list = {443};
    route.auth = HeaderAuth{"Authorization", "Bearer"};
    return route;
  }

  inject::RouteTable routes_;
  Secret secret_;
  http1::Parser parser_{http1::Parser::Kind::request};
  base::WipedBuffer out_;
};

void rewrite_request(benchmark::State& state) {
  const std::string text = request_of(state);
  Rewriter rewriter;
  rewriter.rewrite(base::as_bytes(text));  // the buffers grow once
  const std::size_t before = testing::allocation_count;
  for (auto _ : state) {
    if (!rewriter.rewrite(base::as_bytes(text))) state.SkipWithError("the request is refused");
  }
  const auto allocs = static_cast<double>(testing::allocation_count - before);
  state.counters["allocs"] = benchmark::Counter(allocs, benchmark::Counter::kAvgIterations);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(rewrite_request)->Apply(name_requests);

}  // namespace

BENCHMARK_MAIN();
