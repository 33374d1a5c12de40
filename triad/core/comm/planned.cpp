#include "triad/core/comm/planned.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "triad/core/comm/executor.h"

namespace triad::comm {
namespace {

/// Runs what it is given, in order, on one thread.
class SerialThread {
 public:
  SerialThread() : thread_([this] { loop(); }) {}
  ~SerialThread() {
    post(nullptr);
    thread_.join();
  }
  SerialThread(const SerialThread&) = delete;
  SerialThread& operator=(const SerialThread&) = delete;

  void post(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    arrived_.notify_one();
  }

  /// Runs it there and waits; what it throws is thrown here.
  void call(const std::function<void()>& job) {
    std::mutex mutex;
    std::condition_variable ended;
    bool done = false;
    std::exception_ptr error;
    post([&] {
      try {
        job();
      } catch (...) {
        error = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      done = true;
      ended.notify_one();
    });
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return done; });
    if (error) std::rethrow_exception(error);
  }

 private:
  void loop() {
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return !jobs_.empty(); });
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      if (!job) return;
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> jobs_;
  std::thread thread_;  // last: it uses the others
};

class Job : public Work::State {
 public:
  bool done() const override {
    const std::lock_guard lock(mutex_);
    return done_;
  }
  void wait() override {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return done_; });
    if (error_) std::rethrow_exception(error_);
  }
  void finish(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    done_ = true;
    ended_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::exception_ptr error_;
};

class Planned : public Communicator {
 public:
  Planned(std::unique_ptr<SerialThread> thread, std::unique_ptr<Transport> transport)
      : Communicator(transport->rank(), transport->size()),
        transport_(std::move(transport)),
        executor_(*transport_),
        thread_(std::move(thread)) {}

  ~Planned() override {
    thread_->call([this] { transport_.reset(); });
  }

  Work start(const Collective& collective) override {
    const std::string place = str("rank ", rank(), " of ", size(), ", collective ", started_++, ", ", collective);
    require<DeviceError>(!collective.out.defined() || collective.out.device() == kCpu, place,
                         "this communicator moves memory of the CPU only");
    {
      const std::lock_guard lock(mutex_);
      if (failed_) std::rethrow_exception(failed_);
    }
    auto job = std::make_shared<Job>();
    thread_->post([this, job, collective, place] { job->finish(run(collective, place)); });
    return Work(job);
  }

  void abort(const std::string& reason) override { transport_->abort(reason); }

 private:
  /// The error that ended it, if any; it ends all that follow.
  std::exception_ptr run(const Collective& collective, const std::string& place) {
    std::exception_ptr failed;
    {
      const std::lock_guard lock(mutex_);
      failed = failed_;
    }
    if (failed) return failed;
    try {
      try {
        executor_.run(collective);
        return nullptr;
      } catch (const TimeoutError& e) {
        fail<TimeoutError>(place, e.what());
      } catch (const MismatchError& e) {
        fail<MismatchError>(place, e.what());
      } catch (const CommError& e) {
        fail<CommError>(place, e.what());
      }
    } catch (...) {
      failed = std::current_exception();
    }
    unfinished_ = collective;
    transport_->give_up();
    const std::lock_guard lock(mutex_);
    failed_ = failed;
    return failed;
  }

  std::unique_ptr<Transport> transport_;
  Executor executor_;
  Collective unfinished_;  // the one that failed: messages may still point to its memory
  int64_t started_ = 0;
  std::mutex mutex_;
  std::exception_ptr failed_;
  std::unique_ptr<SerialThread> thread_;  // last: its jobs use the others
};

}  // namespace

std::unique_ptr<Communicator> make_planned(std::function<std::unique_ptr<Transport>()> make_transport) {
  auto thread = std::make_unique<SerialThread>();
  std::unique_ptr<Transport> transport;
  thread->call([&] { transport = make_transport(); });
  return std::make_unique<Planned>(std::move(thread), std::move(transport));
}

}  // namespace triad::comm
