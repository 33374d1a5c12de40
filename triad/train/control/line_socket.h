// TCP connections that carry lines of text.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace triad::train {

/// A connection, or the end of one. Nothing here waits but connect_to().
class LineSocket {
 public:
  LineSocket() = default;
  explicit LineSocket(int descriptor);
  ~LineSocket() { close(); }
  LineSocket(LineSocket&& other) noexcept;
  LineSocket& operator=(LineSocket&& other) noexcept;

  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  void close();
  /// Queues a line, and sends what the network takes now.
  void send(const std::string& line);
  /// Reads what has come and sends what is queued. False, and closed, once the other side has ended, cannot be reached any more
  /// (what was sent is not acknowledged for eight seconds), or sends a line that is too long.
  bool exchange();
  /// The next whole line that has come.
  std::optional<std::string> next_line();

 private:
  int descriptor_ = -1;
  std::string incoming_, outgoing_;
};

/// A port on all addresses of this host, of the system's choice.
class LineListener {
 public:
  /// IoError if there is none.
  LineListener();
  ~LineListener();
  LineListener(const LineListener&) = delete;
  LineListener& operator=(const LineListener&) = delete;

  int descriptor() const { return descriptor_; }
  int port() const { return port_; }
  /// A connection that waits, if one does.
  std::optional<LineSocket> accept() const;

 private:
  int descriptor_ = -1, port_ = 0;
};

/// The addresses of this host that others can reach it by, as numbers, and 127.0.0.1 last.
std::vector<std::string> addresses_of_this_host();

/// The first of `addresses` that answers in time. IoError naming them all.
LineSocket connect_to(const std::vector<std::string>& addresses, int port, std::chrono::milliseconds timeout);

}  // namespace triad::train
