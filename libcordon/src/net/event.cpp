#include "net/event.hpp"

namespace cordon::net {

Task<> Event::wait() {
  while (!set_) {
    if (gave_up()) co_return fail(reason());
    asio::error_code cancelled;
    co_await timer_.async_wait(error_into(cancelled));
  }
  co_return Result<>{};
}

Infallible<> Event::join() {
  while (!set_) {
    asio::error_code cancelled;
    co_await timer_.async_wait(error_into(cancelled));
  }
}

}  // namespace cordon::net
