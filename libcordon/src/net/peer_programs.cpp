#include "net/peer_programs.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "net/asio.hpp"

namespace cordon::net {
namespace {

constexpr std::size_t kMaxQuestions = 64;
constexpr std::chrono::milliseconds kPause{250};
constexpr int kShare = 40;  // the pause is this many times as long as the look before it

}  // namespace

struct PeerPrograms::Question {
  std::uint32_t inode = 0;
  std::weak_ptr<Answer> answer;  // expired: nobody wants to know, unless there is `told`
  Told told;

  bool is_withdrawn() const { return !told && answer.expired(); }
  void settle(const Process* process);
};

struct PeerPrograms::State {
  /// Takes the question. @returns whether a thread has to be sent
  bool add(Question question);
  /// Nothing was found for all that wait.
  void give_up();
  /// Gives up, and lets the thread go.
  void close();
  /// Answers questions until none is left.
  void serve() noexcept;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Question> questions;
  std::atomic<bool> full = false;  // as of the last change to them; read without the lock
  Clock::time_point next_look{};
  std::vector<pid_t> likely;  // the last that were found; of the serving thread
  bool serving = false;
  bool closed = false;

 private:
  void look_again_and_again();
  std::vector<std::uint32_t> wanted();
  void settle(std::size_t count, const std::map<std::uint32_t, Process>& found);
};

void PeerPrograms::Question::settle(const Process* process) {
  if (told) told(process);
  const auto waiting = answer.lock();
  if (!waiting || process == nullptr) return;
  waiting->process_ = *process;
  waiting->known_.store(true, std::memory_order_release);
}

bool PeerPrograms::State::add(Question question) {
  const std::lock_guard lock(mutex);
  if (questions.size() >= kMaxQuestions) {
    question.settle(nullptr);
    return false;
  }
  questions.push_back(std::move(question));
  full = questions.size() == kMaxQuestions;
  return !std::exchange(serving, true);
}

void PeerPrograms::State::give_up() {
  const std::lock_guard lock(mutex);
  for (Question& question : questions)
    question.settle(nullptr);
  questions.clear();
  full = false;
  serving = false;
}

void PeerPrograms::State::close() {
  {
    const std::lock_guard lock(mutex);
    closed = true;
    changed.notify_all();
  }
  give_up();
}

std::vector<std::uint32_t> PeerPrograms::State::wanted() {
  std::erase_if(questions, std::mem_fn(&Question::is_withdrawn));
  full = questions.size() >= kMaxQuestions;
  std::vector<std::uint32_t> inodes;
  for (const Question& question : questions)
    inodes.push_back(question.inode);
  return inodes;
}

void PeerPrograms::State::settle(std::size_t count, const std::map<std::uint32_t, Process>& found) {
  if (!found.empty()) likely.clear();
  for (const auto& [inode, process] : found) {
    if (std::ranges::find(likely, process.pid) == likely.end()) likely.push_back(process.pid);
  }
  for (; count > 0; --count) {
    const auto process = found.find(questions.front().inode);
    questions.front().settle(process != found.end() ? &process->second : nullptr);
    questions.pop_front();
  }
  full = questions.size() >= kMaxQuestions;
}

void PeerPrograms::State::look_again_and_again() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait_until(lock, next_look, [this] { return closed; });
    const auto inodes = closed ? std::vector<std::uint32_t>() : wanted();
    if (inodes.empty()) break;
    lock.unlock();
    const auto began = Clock::now();
    const auto found = find_socket_owners(inodes, likely);
    const auto ended = Clock::now();
    lock.lock();
    if (closed) break;
    next_look = ended + std::max<Clock::duration>(kPause, (ended - began) * kShare);
    settle(inodes.size(), found);
  }
  serving = false;
}

void PeerPrograms::State::serve() noexcept {
  ::setpriority(PRIO_PROCESS, 0, 19);  // of this thread: on Linux, and elsewhere nothing is ever asked
  try {
    look_again_and_again();
  } catch (const std::exception&) {
    give_up();  // out of memory
  }
}

PeerPrograms::PeerPrograms() : state_(std::make_shared<State>()) {
}

PeerPrograms::~PeerPrograms() {
  state_->close();
}

std::shared_ptr<const PeerPrograms::Answer> PeerPrograms::ask(std::uint32_t inode) {
  if (inode == 0 || state_->full.load(std::memory_order_relaxed)) return nullptr;
  auto answer = std::make_shared<Answer>();
  add({.inode = inode, .answer = answer, .told = {}});
  return answer;
}

void PeerPrograms::tell(std::uint32_t inode, Told told) {
  if (inode == 0) return told(nullptr);
  add({.inode = inode, .answer = {}, .told = std::move(told)});
}

void PeerPrograms::add(Question question) {
  if (state_->add(std::move(question)) && !pool_.post([state = state_] { state->serve(); })) state_->give_up();
}

}  // namespace cordon::net
