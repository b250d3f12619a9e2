#include "secret_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <new>

#include "interrupt.hpp"

namespace cordon::cli {
namespace {

constexpr std::size_t kRoom =
    64 * 1024 + 4;                   // the longest secret, its newline, one byte too many, and one more to read
constexpr int kSignalPatience = 50;  // ms between two looks at signals

/// Bytes that come in: locked, left out of core dumps, wiped at the end.
class Bytes {
 public:
  Bytes()
      : data_(static_cast<char*>(::mmap(nullptr, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (data_ == MAP_FAILED) throw std::bad_alloc();
    ::mlock(data_, kRoom);  // where the limit allows
#ifdef MADV_DONTDUMP
    ::madvise(data_, kRoom, MADV_DONTDUMP);
#endif
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() {
    shrink(0);
    ::munmap(data_, kRoom);
  }

  std::string_view view() const noexcept {
    return {data_, size_};
  }
  bool full() const noexcept {
    return size_ == kRoom;
  }

  /// Reads up to `most` bytes behind those that are there. @returns as read()
  ssize_t read_from(int descriptor, std::size_t most) noexcept {
    const ssize_t count = ::read(descriptor, data_ + size_, std::min(most, kRoom - size_));
    if (count > 0) size_ += static_cast<std::size_t>(count);
    return count;
  }

  void shrink(std::size_t size) noexcept {
    volatile char* const bytes = data_;  // a plain loop before munmap may be left out by the compiler
    while (size_ > size)
      bytes[--size_] = 0;
  }

 private:
  char* data_;
  std::size_t size_ = 0;
};

Result<Secret> read_all(int descriptor) {
  Bytes bytes;
  while (!bytes.full()) {
    const ssize_t count = bytes.read_from(descriptor, kRoom);
    if (count == 0) break;
    if (count < 0 && errno != EINTR) return fail(Errc::file_failed, "standard input cannot be read");
  }
  return Secret(bytes.view());
}

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

sigset_t signals_that_wait() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals)
    sigaddset(&set, signal);
  return set;
}

/// The controlling terminal without echo and without the line length of its usual mode, from here to the end. Signals that
/// would end or stop the process wait meanwhile, for the terminal would stay as it is.
class QuietTerminal {
 public:
  QuietTerminal(int descriptor, std::string_view question) : descriptor_(descriptor), question_(question) {}
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() { restore(); }

  bool silence();
  void restore();  ///< Signals that waited take effect in here.
  bool signal_waits() const;
  const termios& usual() const noexcept { return usual_; }

 private:
  void say(std::string_view text) const {
    [[maybe_unused]] const auto ignored = ::write(descriptor_, text.data(), text.size());
  }

  int descriptor_;
  std::string_view question_;
  termios usual_{};
  sigset_t usual_signals_{};
  bool is_quiet_ = false;
};

bool QuietTerminal::silence() {
  if (::tcgetattr(descriptor_, &usual_) != 0) return false;
  const sigset_t waiting = signals_that_wait();
  ::pthread_sigmask(SIG_BLOCK, &waiting, &usual_signals_);
  is_quiet_ = true;
  termios quiet = usual_;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL | ICANON);
  quiet.c_lflag |= ISIG;
  quiet.c_iflag |= ICRNL;
  quiet.c_cc[VMIN] = 1;
  quiet.c_cc[VTIME] = 0;
  // What was typed before the question was not meant for it.
  if (::tcsetattr(descriptor_, TCSAFLUSH, &quiet) != 0) return false;
  say(question_);
  return true;
}

void QuietTerminal::restore() {
  if (!is_quiet_) return;
  ::tcsetattr(descriptor_, TCSAFLUSH, &usual_);
  say("\n");
  is_quiet_ = false;
  ::pthread_sigmask(SIG_SETMASK, &usual_signals_, nullptr);
}

bool QuietTerminal::signal_waits() const {
  sigset_t pending;
  if (::sigpending(&pending) != 0) return false;
  for (const int signal : kSignals) {
    if (sigismember(&pending, signal) == 1 && sigismember(&usual_signals_, signal) == 0) return true;
  }
  return false;
}

void erase_character(Bytes& bytes) {
  std::string_view text = bytes.view();
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };  // UTF-8
  while (!text.empty() && continues(text.back()))
    text.remove_suffix(1);
  if (!text.empty()) text.remove_suffix(1);
  bytes.shrink(text.size());
}

enum class Typed : std::uint8_t { more, done, end_of_input };

/// What the terminal would do with the last byte in its usual mode.
Typed take_key(Bytes& bytes, const termios& usual) {
  const auto key = static_cast<cc_t>(bytes.view().back());
  const std::size_t before = bytes.view().size() - 1;
  if (key == '\n' || key == '\r' || key == usual.c_cc[VEOF]) {
    bytes.shrink(before);
    return key == usual.c_cc[VEOF] && before == 0 ? Typed::end_of_input : Typed::done;
  }
  if (key == usual.c_cc[VERASE] || key == '\b') {
    bytes.shrink(before);
    erase_character(bytes);
  } else if (key == usual.c_cc[VKILL]) {
    bytes.shrink(0);
  } else if (bytes.full()) {
    bytes.shrink(before);  // so that a line's end still finds room; it is too long already
  }
  return Typed::more;
}

enum class NoSecret : std::uint8_t { not_quiet, unreadable, end_of_input, interrupted };

/// `interrupt`: who takes SIGINT; null when it may end the process.
std::expected<Secret, NoSecret> ask(int descriptor, std::string_view question, HeldInterrupt* interrupt) {
  Bytes bytes;
  QuietTerminal terminal(descriptor, question);
  if (!terminal.silence()) return std::unexpected(NoSecret::not_quiet);
  for (;;) {
    pollfd entry{descriptor, POLLIN, 0};
    const int ready = ::poll(&entry, 1, kSignalPatience);
    if (interrupt != nullptr && interrupt->take()) return std::unexpected(NoSecret::interrupted);
    if (terminal.signal_waits()) {
      bytes.shrink(0);
      terminal.restore();  // comes back when the process was stopped and goes on
      if (!terminal.silence()) return std::unexpected(NoSecret::not_quiet);
      continue;
    }
    if (ready <= 0) continue;
    const ssize_t count = bytes.read_from(descriptor, 1);
    if (count == 0 || (count < 0 && errno != EINTR)) return std::unexpected(NoSecret::unreadable);
    if (count < 0) continue;
    const Typed typed = take_key(bytes, terminal.usual());
    if (typed == Typed::end_of_input) return std::unexpected(NoSecret::end_of_input);
    if (typed == Typed::done) return Secret(bytes.view());
  }
}

int open_terminal() {
  return ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

Result<Secret> secret_of(std::expected<Secret, NoSecret> asked) {
  if (asked) return *std::move(asked);
  switch (asked.error()) {
    case NoSecret::not_quiet:
      return fail(Errc::file_failed, "the terminal cannot be kept from showing what is typed");
    case NoSecret::unreadable:
      return fail(Errc::file_failed, "the terminal cannot be read");
    case NoSecret::end_of_input:
    case NoSecret::interrupted:
      break;
  }
  return Secret();  // the end of the input is the end of an empty line
}

}  // namespace

Result<Secret> read_secret(std::string_view question) {
  if (::isatty(STDIN_FILENO) != 1) return read_all(STDIN_FILENO);
  const int terminal = open_terminal();
  if (terminal < 0)
    return fail(Errc::file_failed,
                "there is no controlling terminal to ask on; give the secret through standard input");
  auto secret = secret_of(ask(terminal, question, nullptr));
  ::close(terminal);
  return secret;
}

std::expected<Secret, NoAnswer> ask_secret(std::string_view question) {
  const int terminal = open_terminal();
  if (terminal < 0) return std::unexpected(NoAnswer::ended);
  HeldInterrupt interrupt;
  auto asked = ask(terminal, question, &interrupt);
  ::close(terminal);
  if (asked) return *std::move(asked);
  return std::unexpected(asked.error() == NoSecret::interrupted ? NoAnswer::interrupted : NoAnswer::ended);
}

}  // namespace cordon::cli
