"""An agent by hand, which says what it is told to say: python3 lying_agent.py LIE."""

import os
import struct
import sys
import time

(AGENT_HELLO, JOB_SETUP, AGENT_READY, AGENT_PROBLEM, START, RANK_STARTED, RANK_OUTPUT, OUTPUT_CREDIT, RANK_INPUT, INPUT_END,
 INPUT_CREDIT, RANK_EXITED, RANK_DONE) = range(1, 14)
RANK_ENDPOINT, RANK_ABORTING = 19, 21
STAGE_WANT, STAGE_PROGRESS = 25, 43
PROTOCOL = 5
OWN_RANK, ANOTHERS_RANK = 1, 0


def text(value):
    return struct.pack("<I", len(value)) + value


def send(kind, body=b""):
    sys.stdout.buffer.write(struct.pack("<IB", 1 + len(body), kind) + body)
    sys.stdout.buffer.flush()


def receive():
    """The kind of the next frame that is no stage_offer."""
    while True:
        length, kind = struct.unpack("<IB", sys.stdin.buffer.read(5))
        sys.stdin.buffer.read(length - 1)
        if kind != 24:
            return kind


def numbers(form, *values):
    return struct.pack("<" + form, *values)


def exited(rank):
    send(RANK_EXITED, numbers("IBBB", rank, 0, 0, 0))


HELLO = (numbers("H", PROTOCOL) + text(b"0.1.0") + text(b"far") + text(os.uname().machine.encode()) +
         numbers("BI", 8, 1) + text(b"127.0.0.1") + text(b"127.0.0.1"))

# By when they are told: instead of hello, after the setup, after the start.
FIRST = {
    "hello_of_another_protocol": lambda: send(AGENT_HELLO, numbers("H", 999) + text(b"9.9.9")),
    "hello_cut_short": lambda: send(AGENT_HELLO, HELLO[:-1]),
    "hello_with_more": lambda: send(AGENT_HELLO, HELLO + b"x"),
    "hello_with_a_long_string": lambda: send(AGENT_HELLO, numbers("HI", PROTOCOL, 0xffffffff)),
    "hello_from_no_address": lambda: send(AGENT_HELLO, HELLO[:-13] + text(b"127.0.0.x")),
    "frame_of_no_length": lambda: sys.stdout.buffer.write(bytes(4)),
    "frame_of_all_ones": lambda: sys.stdout.buffer.write(b"\xff" * 8),
    "ready_before_hello": lambda: send(AGENT_READY, numbers("I", 0)),
    "unknown_kind": lambda: send(200),
}
CHECKING = {
    "hello_twice": lambda: send(AGENT_HELLO, HELLO),
    "notes_that_are_not_there": lambda: send(AGENT_READY, numbers("I", 60000)),
    "too_many_notes": lambda: send(AGENT_READY, numbers("I", 0xffffffff)),
    "files_that_were_not_offered": lambda: send(STAGE_WANT, numbers("IIH", 1, 7, 0)),
    "started_before_the_start": lambda: send(RANK_STARTED, numbers("II", OWN_RANK, 1)),
    "a_problem_that_is_no_failure": lambda: send(AGENT_PROBLEM, b"\0" + text(b"all is well")),
    "progress_of_nothing": lambda: send(STAGE_PROGRESS, numbers("Q", 1)),
}
STARTED = {
    "started_twice": lambda: send(RANK_STARTED, numbers("II", OWN_RANK, 1)),
    "rank_of_another_host": lambda: exited(ANOTHERS_RANK),
    "rank_that_is_not_there": lambda: exited(0xffffffff),
    "done_before_it_ended": lambda: send(RANK_DONE, numbers("I", OWN_RANK)),
    "ended_twice": lambda: (exited(OWN_RANK), exited(OWN_RANK)),
    "ended_with_an_unknown_phase": lambda: send(RANK_EXITED, numbers("IBBB", OWN_RANK, 0, 0, 3)),
    "ended_by_two_causes": lambda: send(RANK_EXITED, numbers("IBBB", OWN_RANK, 2, 0, 0)),
    "reads_what_it_was_not_given": lambda: send(INPUT_CREDIT, numbers("IIB", OWN_RANK, 0xffffffff, 0)),
    "listens_twice": lambda: [send(RANK_ENDPOINT, numbers("IH", OWN_RANK, port)) for port in (5, 6)],
    "listens_nowhere": lambda: send(RANK_ENDPOINT, numbers("IH", OWN_RANK, 0)),
    "listens_for_another": lambda: send(RANK_ENDPOINT, numbers("IH", ANOTHERS_RANK, 5)),
    "listens_as_a_start_that_was_not": lambda: send(RANK_ENDPOINT, numbers("IH", OWN_RANK + 2, 5)),
    "started_again_by_itself": lambda: (exited(OWN_RANK), send(RANK_DONE, numbers("I", OWN_RANK)),
                                        send(RANK_STARTED, numbers("II", OWN_RANK, 1))),
    "output_of_another": lambda: send(RANK_OUTPUT, numbers("IB", ANOTHERS_RANK, 1) + text(b"I am rank 0\n")),
    "output_to_no_stream": lambda: send(RANK_OUTPUT, numbers("IB", OWN_RANK, 3) + text(b"words\n")),
    "output_longer_than_it_may_be": lambda: send(RANK_OUTPUT, numbers("IB", OWN_RANK, 1) + text(bytes(32769))),
    "more_output_than_room": lambda: [send(RANK_OUTPUT, numbers("IB", OWN_RANK, 1) + text(b"x" * 32768)) for _ in range(20000)],
    "aborting_another": lambda: send(RANK_ABORTING, numbers("Ii", ANOTHERS_RANK, 1) + text(b"")),
    "aborting_cut_short": lambda: send(RANK_ABORTING, numbers("Ii", OWN_RANK, 1) + numbers("I", 5)),
    "ready_once_more": lambda: send(AGENT_READY, numbers("I", 0)),
}


def main():
    lie = sys.argv[1]
    sys.stdout.buffer.write(b"\nprun-agent %d\n" % PROTOCOL)
    try:
        if lie in FIRST:
            FIRST[lie]()
            sys.stdout.buffer.flush()
        else:
            send(AGENT_HELLO, HELLO)
            while receive() != JOB_SETUP:
                pass
            if lie in CHECKING:
                CHECKING[lie]()
            else:
                send(AGENT_READY, numbers("I", 0))
                while receive() != START:
                    pass
                send(RANK_STARTED, numbers("II", OWN_RANK, os.getpid()))
                STARTED[lie]()
        time.sleep(100)
    except (BrokenPipeError, struct.error):
        pass  # it is not listened to any more


if __name__ == "__main__":
    main()
