#include "net/delivery.hpp"

#include <optional>
#include <thread>

#include "support/event_loop.hpp"

namespace cordon::net {
namespace {

using std::chrono::milliseconds;
using test::EventLoop;

Task<int> receive(Delivery<int>& delivery) {
  co_return co_await delivery.wait();
}

TEST(Delivery, BringsAResultFromAnotherThread) {
  EventLoop loop;
  Delivery<int> delivery(loop.watchdog);
  EXPECT_TRUE(delivery.sender().is_awaited());
  std::thread other([sender = delivery.sender()] { sender.send(7); });
  EXPECT_EQ(loop.run(receive(delivery)).value(), 7);
  other.join();
}

TEST(Delivery, BringsAnError) {
  EventLoop loop;
  Delivery<int> delivery(loop.watchdog);
  delivery.sender().send(fail(Errc::secret_missing));
  EXPECT_EQ(loop.run(receive(delivery)).error().code, Errc::secret_missing);
}

TEST(Delivery, HasADeadline) {
  EventLoop loop;
  Delivery<int> delivery(loop.watchdog);
  delivery.set_deadline(Clock::now() + milliseconds(1));
  EXPECT_EQ(loop.run(receive(delivery)).error().code, Errc::timed_out);
}

TEST(Delivery, IsCancelledWhenTheWorkerStops) {
  EventLoop loop;
  Delivery<int> delivery(loop.watchdog);
  loop.watchdog.interrupt_all();
  EXPECT_EQ(loop.run(receive(delivery)).error().code, Errc::cancelled);
}

TEST(Delivery, DropsWhatComesAfterItsEnd) {
  EventLoop loop;
  std::optional<Delivery<int>> delivery(std::in_place, loop.watchdog);
  const auto late = delivery->sender();
  const auto on_its_way = delivery->sender();
  on_its_way.send(1);
  delivery.reset();
  EXPECT_FALSE(late.is_awaited());
  late.send(2);
  loop.settle();  // what was posted finds nobody
}

}  // namespace
}  // namespace cordon::net
