package dev.orchard.client;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.Outcome;
import java.io.IOException;
import java.io.OutputStream;

/**
 * What comes of a session: in its order, one call at a time, on a thread of its own. A call may
 * block: output then waits at the session. One that throws ends the following, and the outcome is
 * unknown.
 */
public interface SessionListener {
  /** The command runs. Once. */
  default void started(Frame.Started started) throws IOException {}

  /** The session has told how far it took stdin: from now on what is written has a place to go. */
  default void ready() throws IOException {}

  /**
   * Output; each byte once.
   *
   * @param offset of the first byte, counted over stdout and stderr together
   */
  default void output(StdStream stream, long offset, ByteString data) throws IOException {}

  /** Output between the two offsets is gone for good; it goes on at {@code to}. */
  default void gap(long from, long to) throws IOException {}

  /** There is no connection; others are made until one holds. Once a break. */
  default void interrupted(String why) throws IOException {}

  /** The session itself said why it cannot be followed to its end. */
  default void failed(Frame.Failure failure) throws IOException {}

  /** All that there is for now has come, as it was asked for: no outcome. */
  default void caughtUp() throws IOException {}

  /** The last call; none where the session was left. */
  default void ended(Outcome outcome) throws IOException {}

  /** Writes output as it comes, flushed, and never closes either stream. */
  static SessionListener writing(OutputStream stdout, OutputStream stderr) {
    return new SessionListener() {
      @Override
      public void output(StdStream stream, long offset, ByteString data) throws IOException {
        OutputStream out =
            switch (stream) {
              case STDOUT -> stdout;
              case STDERR -> stderr;
            };
        data.writeTo(out);
        out.flush();
      }
    };
  }
}
