// What must not compile: one section for each misuse, chosen by defining its name. Behind the name
// stands a regular expression for what the compiler has to say, and, where it differs once
// <prun/serialize.hpp> is included (WITH_SERIALIZE), what then: another expression, or "compiles".
// With no name defined the file is in order and compiles.
#ifdef WITH_SERIALIZE
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include <prun/serialize.hpp>
#endif

#include <array>
#include <complex>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prun/prun.hpp>

struct Point {
  double x = 0;
  double y = 0;
};

class Shape {
 public:
  virtual ~Shape() = default;
};

// The right use of everything the sections get wrong.
void good(const prun::Communicator& world) {
  int number = 1;
  const std::vector<double> values(3);
  world.send(number, 1);
  world.send(values, 1, 7);
  world.send("text", 1);
  world.send(std::array<Point, 2>{}, 1);
  world.send(std::span<const double>(values), 1);
  world.send(std::vector<char>(2), 1);
  world.recv(number, prun::any_source);
  world.recv<std::vector<Point>>(0, 7);
  world.isend(std::vector<double>(3), 1).wait();
  world.irecv(number, 0).wait();
  double sum = 0;
  world.reduce(2.0, sum, std::plus<>{}, 0);
  world.gather(number, 0);
  prun::Communicator copy = world;
  prun::Request request;
  prun::Request moved = std::move(request);
}

void misuse([[maybe_unused]] const prun::Communicator& world) {
#ifdef SEND_POINTER  // error: Sendable; packed: raw pointers
  int number = 1;
  world.send(&number, 1);
#endif
#ifdef SEND_UNIQUE_POINTER  // error: Sendable
  world.send(std::make_unique<int>(1), 1);
#endif
#ifdef SEND_LONG_DOUBLE  // error: Sendable; packed: differs between machines: send double
  world.send(1.0L, 1);
#endif
#ifdef SEND_WCHAR  // error: Sendable; packed: differs between machines: send double, char32_t
  world.send(L'x', 1);
#endif
#ifdef SEND_WIDE_STRING  // error: Sendable; packed: differs between machines
  world.send(std::wstring(L"x"), 1);
#endif
#ifdef SEND_COMPLEX_LONG_DOUBLE  // error: Sendable
  world.send(std::complex<long double>(1.0L), 1);
#endif
#ifdef SEND_VECTORS_OF_LONG_DOUBLE  // error: Sendable; packed: differs between machines
  world.send(std::vector<std::vector<long double>>(3), 1);
#endif
#ifdef SEND_PAIR_OF_WCHAR  // error: Sendable
  world.send(std::pair<wchar_t, int>(), 1);
#endif
#ifdef SEND_ARRAYS_OF_LONG_DOUBLE  // error: Sendable
  world.send(std::vector<std::array<long double, 2>>(3), 1);
#endif
#ifdef RECEIVE_LONG_DOUBLE  // error: Receivable; packed: differs between machines
  world.recv<long double>(0);
#endif
#ifdef SEND_VECTOR_OF_BOOL  // error: Sendable; packed: compiles
  world.send(std::vector<bool>(3), 1);
#endif
#ifdef SEND_VECTOR_OF_STRINGS  // error: Sendable; packed: compiles
  world.send(std::vector<std::string>{"a", "b"}, 1);
#endif
#ifdef SEND_VECTOR_OF_STRING_VIEWS  // error: Sendable; packed: could not find any output
  world.send(std::vector<std::string_view>{"a", "b"}, 1);
#endif
#ifdef SEND_VECTOR_OF_POINTERS  // error: Sendable; packed: raw pointers
  world.send(std::vector<const Point*>(3), 1);
#endif
#ifdef SEND_VIRTUAL_CLASS  // error: Sendable
  world.send(Shape(), 1);
#endif
#ifdef SEND_TO_ANY_SOURCE  // error: AnySource.* to .*int
  world.send(1, prun::any_source);
#endif
#ifdef SEND_WITH_ANY_TAG  // error: AnyTag.* to .*int
  world.send(1, 0, prun::any_tag);
#endif
#ifdef RECEIVE_INTO_CONST  // error: Receivable; packed: read-only|no matching member
  const int number = 1;
  world.recv(number, 0);
#endif
#ifdef RECEIVE_INTO_CONST_VECTOR  // error: Receivable
  const std::vector<int> numbers(3);
  world.recv(numbers, 0);
#endif
#ifdef RECEIVE_INTO_SPAN_OF_CONST  // error: Receivable
  const std::vector<int> numbers(3);
  world.recv(std::span<const int>(numbers), 0);
#endif
#ifdef RECEIVE_INTO_LITERAL  // error: Receivable
  world.recv("text", 0);
#endif
#ifdef RECEIVE_POINTER  // error: Receivable; packed: raw pointers
  world.recv<int*>(0);
#endif
#ifdef RECEIVE_LATER_INTO_TEMPORARY  // error: is_lvalue_reference_v
  world.irecv(std::vector<int>(3), 0);
#endif
#ifdef REDUCE_TO_OTHER_TYPE  // error: TargetFor
  double sum = 0;
  world.reduce(1, sum, std::plus<>{}, 0);
#endif
#ifdef REDUCE_VECTOR_TO_OTHER_TYPE  // error: TargetFor
  std::vector<std::int32_t> sums;
  world.allreduce(std::vector<std::int64_t>(3), sums, std::plus<>{});
#endif
#ifdef REDUCE_WITHOUT_OPERATION  // error: make_reduction|is_invocable_r_v
  world.allreduce(Point(), std::plus<>{});
#endif
#ifdef GATHER_TO_OTHER_TYPE  // error: TargetFor
  std::vector<float> all;
  world.gather(1.0, all, 0);
#endif
#ifdef BROADCAST_CONST  // error: Receivable; packed: read-only|no matching member function|cannot
  const int number = 1;
  world.bcast(number, 0);
#endif
#ifdef COPY_REQUEST  // error: deleted
  prun::Request request;
  prun::Request copy = request;
#endif
#ifdef COPY_ENVIRONMENT  // error: deleted
  prun::Environment env;
  prun::Environment copy = env;
#endif
}
