#include "triad/core/comm/threads.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "triad/core/comm/planned.h"

namespace triad::comm {
namespace {

class ThreadsGroup;

/// One message, until both ranks have come and it was copied.
struct Message {
  std::span<const std::byte> from;
  std::span<std::byte> to;
  bool copied = false;
  std::string mismatch;
};

/// From one rank to one rank: who came first and waits for the other.
class Mailbox {
 public:
  using Posts = std::deque<std::shared_ptr<Message>>;

  std::shared_ptr<Message> send(std::span<const std::byte> bytes) {
    return post(receives_, sends_, [&](Message& m) { m.from = bytes; });
  }
  std::shared_ptr<Message> receive(std::span<std::byte> bytes) {
    return post(sends_, receives_, [&](Message& m) { m.to = bytes; });
  }

  /// False at the deadline. CommError after give_up().
  bool wait(const Message& message, Deadline deadline) {
    std::unique_lock lock(mutex_);
    const bool in_time = changed_.wait_until(lock, deadline, [&] { return message.copied || given_up_; });
    if (message.copied) {
      require<MismatchError>(message.mismatch.empty(), "message", message.mismatch);
      return true;
    }
    if (given_up_) fail<CommError>("given up", reason_);
    return in_time;
  }

  /// Nothing touches the memory of the message any more.
  void withdraw(const std::shared_ptr<Message>& message) {
    const std::lock_guard lock(mutex_);
    std::erase(sends_, message);
    std::erase(receives_, message);
  }

  void give_up(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (!given_up_) reason_ = reason;
    given_up_ = true;
    changed_.notify_all();
  }

 private:
  template <class Fill>
  std::shared_ptr<Message> post(Posts& partners, Posts& own, const Fill& fill) {
    const std::lock_guard lock(mutex_);
    if (given_up_) fail<CommError>("given up", reason_);
    if (partners.empty()) {
      own.push_back(std::make_shared<Message>());
      fill(*own.back());
      return own.back();
    }
    std::shared_ptr<Message> message = std::move(partners.front());
    partners.pop_front();
    fill(*message);
    if (message->from.size() == message->to.size()) std::ranges::copy(message->from, message->to.begin());
    else message->mismatch = str(message->from.size(), " bytes are sent, ", message->to.size(), " expected");
    message->copied = true;
    changed_.notify_all();
    return message;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Posts sends_, receives_;
  bool given_up_ = false;
  std::string reason_;
};

class ThreadsGroup {
 public:
  explicit ThreadsGroup(int size) : size_(size), mailboxes_(static_cast<size_t>(size * size)) {}

  int size() const { return size_; }
  Mailbox& mailbox(int from, int to) { return mailboxes_[static_cast<size_t>(from * size_ + to)]; }
  void give_up(const std::string& reason) {
    for (Mailbox& mailbox : mailboxes_) mailbox.give_up(reason);
  }

 private:
  int size_;
  std::vector<Mailbox> mailboxes_;
};

class ThreadsTransfer : public Transport::Transfer {
 public:
  ThreadsTransfer(Mailbox& mailbox, std::shared_ptr<Message> message, int other)
      : mailbox_(mailbox), message_(std::move(message)), other_(other) {}
  ~ThreadsTransfer() override { mailbox_.withdraw(message_); }

  void wait(Deadline deadline) override {
    if (!mailbox_.wait(*message_, deadline)) fail<TimeoutError>(str("rank ", other_), "did not take part in time");
  }

 private:
  Mailbox& mailbox_;
  std::shared_ptr<Message> message_;
  int other_;
};

class ThreadsTransport : public Transport {
 public:
  ThreadsTransport(std::shared_ptr<ThreadsGroup> group, int rank) : group_(std::move(group)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return group_->size(); }
  std::unique_ptr<Transfer> send(int to, std::span<const std::byte> bytes) override {
    Mailbox& mailbox = group_->mailbox(rank_, to);
    return std::make_unique<ThreadsTransfer>(mailbox, mailbox.send(bytes), to);
  }
  std::unique_ptr<Transfer> receive(int from, std::span<std::byte> bytes) override {
    Mailbox& mailbox = group_->mailbox(from, rank_);
    return std::make_unique<ThreadsTransfer>(mailbox, mailbox.receive(bytes), from);
  }
  void abort(const std::string& reason) override { group_->give_up(reason); }

 private:
  std::shared_ptr<ThreadsGroup> group_;
  int rank_;
};

/// The error of the rank that failed first.
class FirstFailure {
 public:
  /// Whether it is the first.
  bool note(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (error_) return false;
    error_ = std::move(error);
    return true;
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
};

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an unknown exception";
  }
}

}  // namespace

void run_ranks(int size, const std::function<void(Communicator&)>& body) {
  require<ValueError>(size >= 1, "run_ranks", "expected at least 1 rank, got ", size);
  const auto group = std::make_shared<ThreadsGroup>(size);
  FirstFailure failure;
  const auto run = [&](int rank) {
    std::unique_ptr<Communicator> comm;
    try {
      comm = make_planned([&] { return std::make_unique<ThreadsTransport>(group, rank); });
      body(*comm);
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      if (failure.note(error)) group->give_up(str("rank ", rank, " failed: ", text_of(error)));
    }
  };
  std::vector<std::thread> others;
  for (int rank = 1; rank < size; ++rank) others.emplace_back(run, rank);
  run(0);
  for (std::thread& other : others) other.join();
  failure.rethrow();
}

}  // namespace triad::comm
