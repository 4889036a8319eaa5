package dev.orchard.exec.frame;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One event of a session, valid by construction: every constructor throws {@link
 * InvalidFrameException} for what the schema does not allow, so nothing behind the decoders checks
 * again.
 */
public sealed interface Frame {
  /** Bytes of output or stdin that one frame may carry. */
  int MAX_DATA = 24_000;

  /** UTF-16 units that a name or boot id may have. */
  int MAX_NAME = 253;

  /** UTF-16 units that a ticket may have. */
  int MAX_TICKET = 4_096;

  /** UTF-16 units that a message may have; longer ones are cut, not refused. */
  int MAX_MESSAGE = 4_096;

  /** From the session to its clients. */
  sealed interface Out extends Frame {}

  /** From a client to the session. */
  sealed interface In extends Frame {}

  /**
   * The process runs. First frame of every attachment to a session that started.
   *
   * @param session name of the VMExec object; empty between worker and agent
   * @param pid inside the guest; 0 where the guest does not tell
   * @param bootId empty between worker and agent
   * @param ticket lets its bearer attach again while the Kubernetes API is away; empty where none
   *     is issued
   */
  record Started(String session, long pid, String bootId, String ticket) implements Out {
    public Started {
      Checks.text("started.session", session, MAX_NAME);
      Checks.notNegative("started.pid", pid);
      Checks.text("started.bootID", bootId, MAX_NAME);
      Checks.text("started.ticket", ticket, MAX_TICKET);
    }
  }

  /**
   * Bytes that the process wrote.
   *
   * @param offset of the first byte, counted over stdout and stderr together in log order
   * @param data 1 to {@link #MAX_DATA} bytes
   */
  record Output(StdStream stream, long offset, ByteString data) implements Out {
    public Output {
      String event = stream == StdStream.STDOUT ? "stdout" : "stderr";
      Checks.data(event, offset, data);
      if (data.isEmpty()) {
        throw new InvalidFrameException(event + ".data", "empty: send no frame for no bytes");
      }
    }

    /** Offset of the first byte behind this frame. */
    public long end() {
      return offset + data.size();
    }

    /**
     * The part of this frame that starts at an offset.
     *
     * @param from not before {@link #offset()}, and before {@link #end()}
     */
    public Output from(long from) {
      return new Output(stream, from, data.substring(Math.toIntExact(from - offset)));
    }
  }

  /** The log no longer holds the bytes from {@code from} to before {@code to}. */
  record Gap(long from, long to) implements Out {
    public Gap {
      Checks.notNegative("gap.from", from);
      if (to <= from) {
        throw new InvalidFrameException("gap.to", to + " is not behind from=" + from);
      }
    }
  }

  /** The guest's pipe has taken every byte of stdin before {@code stdinOffset}. */
  record Ack(long stdinOffset) implements Out {
    public Ack {
      Checks.notNegative("ack.stdinOffset", stdinOffset);
    }
  }

  /**
   * The hop is alive, though nothing happens.
   *
   * @param ticket replaces the one of {@link Started}; empty where nothing is to be replaced, and
   *     always inwards
   */
  record Heartbeat(String ticket) implements Out, In {
    public Heartbeat {
      Checks.text("heartbeat.ticket", ticket, MAX_TICKET);
    }
  }

  /**
   * The command's outcome. Last frame.
   *
   * @param code exit status, 0 to 255; absent after death by signal and without a process
   * @param signal name without "SIG" of what killed the process
   * @param stdoutSha256 digest of the whole stream, 32 bytes; absent if it never started or is lost
   * @param stderrSha256 as {@code stdoutSha256}
   * @param outputIncomplete a background child held the pipes beyond the drain time
   * @param duration from the process' start to its end, in whole milliseconds
   * @param message for people: why it did not start, was ended or is lost
   */
  record Exit(
      @Nullable Integer code,
      @Nullable String signal,
      ExitReason reason,
      long stdoutBytes,
      long stderrBytes,
      @Nullable ByteString stdoutSha256,
      @Nullable ByteString stderrSha256,
      boolean outputIncomplete,
      Duration duration,
      @Nullable String message)
      implements Out {
    public Exit {
      Checks.outcome(code, signal, reason, stdoutSha256 != null || stderrSha256 != null);
      Checks.notNegative("exit.stdoutBytes", stdoutBytes);
      Checks.notNegative("exit.stderrBytes", stderrBytes);
      Checks.digest("exit.stdoutSha256", stdoutSha256);
      Checks.digest("exit.stderrSha256", stderrSha256);
      if (duration.isNegative()) {
        throw new InvalidFrameException("exit.durationMs", duration + " is negative");
      }
      duration = duration.truncatedTo(ChronoUnit.MILLIS);
      message = message == null || message.isEmpty() ? null : Checks.message(message);
    }

    /**
     * No process of it ever ran.
     *
     * @param code 126 or 127 where the guest could not run the program, else absent
     */
    public static Exit withoutProcess(@Nullable Integer code, ExitReason reason, String message) {
      return new Exit(code, null, reason, 0, 0, null, null, false, Duration.ZERO, message);
    }

    /** What was known of the session when its outcome became unknowable. */
    public static Exit lost(long stdoutBytes, long stderrBytes, Duration duration, String message) {
      return new Exit(
          null,
          null,
          ExitReason.LOST,
          stdoutBytes,
          stderrBytes,
          null,
          null,
          false,
          duration,
          message);
    }
  }

  /**
   * The stream failed, not the command: {@code error} on the wire. Last frame of this attachment
   * only.
   *
   * @param end where the log ends, for {@link ErrorCode#OFFSET_AHEAD_OF_LOG}; 0 for all others
   */
  record Failure(ErrorCode code, String message, long end) implements Out {
    public Failure {
      Checks.notNegative("error.end", end);
      if (end != 0 && code != ErrorCode.OFFSET_AHEAD_OF_LOG) {
        throw new InvalidFrameException(
            "error.end", end + " with code " + code.word() + ": only OffsetAheadOfLog has an end");
      }
      message = Checks.message(message);
    }

    public Failure(ErrorCode code, String message) {
      this(code, message, 0);
    }

    /** A reader asked for {@code from}, and the log ends at {@code end}. */
    public static Failure aheadOfLog(long from, long end) {
      return new Failure(
          ErrorCode.OFFSET_AHEAD_OF_LOG,
          "from=%d lies behind the end of the log at %d: read on from %d".formatted(from, end, end),
          end);
    }
  }

  /**
   * Bytes for the process to read.
   *
   * @param offset of the first byte in stdin
   * @param data at most {@link #MAX_DATA} bytes; empty only with {@code eof}
   * @param eof stdin ends behind {@code data}
   */
  record Stdin(long offset, ByteString data, boolean eof) implements In {
    public Stdin {
      Checks.data("stdin", offset, data);
      if (data.isEmpty() && !eof) {
        throw new InvalidFrameException("stdin.data", "empty: send bytes, eof or both");
      }
    }

    /** Offset of the first byte behind this frame. */
    public long end() {
      return offset + data.size();
    }
  }

  /** The client's terminal has another size. 1 to 65,535 each. */
  record Resize(int rows, int cols) implements In {
    public Resize {
      Checks.terminalSize("resize.rows", rows);
      Checks.terminalSize("resize.cols", cols);
    }
  }

  /**
   * To the process group.
   *
   * @param signal one of {@link #NAMES}
   */
  record Signal(String signal) implements In {
    /** What a client may send, without "SIG": what a terminal or a supervisor would. */
    public static final List<String> NAMES =
        List.of(
            "HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "USR2", "ALRM", "TERM", "CONT", "STOP",
            "TSTP", "TTIN", "TTOU", "WINCH");

    public Signal {
      if (!NAMES.contains(signal)) {
        throw new InvalidFrameException(
            "signal.signal", Checks.quoted(signal) + " is none of " + String.join(" ", NAMES));
      }
    }
  }

  /** The client goes and the command runs on, whatever the session's disconnect policy. */
  record Detach() implements In {}
}
