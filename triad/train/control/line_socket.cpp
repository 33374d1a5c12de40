#include "triad/train/control/line_socket.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "triad/core/base/error.h"

namespace triad::train {
namespace {

constexpr size_t kLongestLine = 64 * 1024;
constexpr int kUnacknowledgedMilliseconds = 8000;

void set_option(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

void prepare(int descriptor) {
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMilliseconds);
}

sockaddr_in address_of(const std::string& text, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  ::inet_pton(AF_INET, text.c_str(), &address.sin_addr);
  return address;
}

/// The connection, or -1 and errno.
int try_to_connect(const std::string& text, int port, std::chrono::milliseconds timeout) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  const sockaddr_in address = address_of(text, port);
  int error = 0;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    error = errno;
    pollfd wait{descriptor, POLLOUT, 0};
    if (error == EINPROGRESS) {
      socklen_t length = sizeof error;
      if (::poll(&wait, 1, static_cast<int>(timeout.count())) <= 0) error = ETIMEDOUT;
      else ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length);
    }
  }
  if (error == 0) return descriptor;
  ::close(descriptor);
  errno = error;
  return -1;
}

}  // namespace

LineSocket::LineSocket(int descriptor) : descriptor_(descriptor) { prepare(descriptor); }

LineSocket::LineSocket(LineSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      incoming_(std::move(other.incoming_)),
      outgoing_(std::move(other.outgoing_)) {}

LineSocket& LineSocket::operator=(LineSocket&& other) noexcept {
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  incoming_ = std::move(other.incoming_);
  outgoing_ = std::move(other.outgoing_);
  return *this;
}

void LineSocket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void LineSocket::send(const std::string& line) {
  if (!is_open()) return;
  outgoing_ += line;
  outgoing_ += '\n';
  exchange();
}

bool LineSocket::exchange() {
  while (is_open() && !outgoing_.empty()) {
    const ssize_t sent = ::send(descriptor_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (sent > 0) outgoing_.erase(0, static_cast<size_t>(sent));
    else if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    else if (errno != EINTR) close();
  }
  char buffer[4096];
  while (is_open()) {
    const ssize_t got = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (got > 0) incoming_.append(buffer, static_cast<size_t>(got));
    else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    else if (got == 0 || errno != EINTR) close();
  }
  if (incoming_.size() > kLongestLine && incoming_.find('\n') == std::string::npos) close();
  return is_open();
}

std::optional<std::string> LineSocket::next_line() {
  const size_t end = incoming_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = incoming_.substr(0, end);
  incoming_.erase(0, end + 1);
  return line;
}

LineListener::LineListener() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t length = sizeof address;
  const bool listens = descriptor_ >= 0 &&
                       ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::listen(descriptor_, SOMAXCONN) == 0 &&
                       ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  require<IoError>(listens, "control connection", "cannot listen: ", std::strerror(errno));
  port_ = ntohs(address.sin_port);
}

LineListener::~LineListener() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<LineSocket> LineListener::accept() const {
  const int descriptor = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) return std::nullopt;
  return LineSocket(descriptor);
}

std::vector<std::string> addresses_of_this_host() {
  std::vector<std::string> addresses;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) == 0) {
    for (const ifaddrs* one = all; one; one = one->ifa_next) {
      if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET) continue;
      if ((one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0) continue;
      char text[INET_ADDRSTRLEN];
      const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      if (::inet_ntop(AF_INET, &address->sin_addr, text, sizeof text)) addresses.emplace_back(text);
    }
    ::freeifaddrs(all);
  }
  addresses.emplace_back("127.0.0.1");
  return addresses;
}

LineSocket connect_to(const std::vector<std::string>& addresses, int port, std::chrono::milliseconds timeout) {
  std::string tried;
  for (const std::string& address : addresses) {
    const int descriptor = try_to_connect(address, port, timeout);
    if (descriptor >= 0) return LineSocket(descriptor);
    tried += str(tried.empty() ? "" : ", ", address, " (", std::strerror(errno), ")");
  }
  fail<IoError>("control connection", "rank 0 cannot be reached at port ", port, " of ", tried,
                Hint{"is there a firewall between the hosts?"});
}

}  // namespace triad::train
