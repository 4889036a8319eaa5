package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import io.helidon.common.buffers.DataReader;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;

/** A request's body. That its sender has gone, or keeps us waiting, is no defect of ours. */
final class BodyStream extends InputStream {
  /** Type of the refusal of a body that does not come. */
  static final String TIMEOUT = "body-timeout";

  private final InputStream body;
  private final long deadlineNanos;

  /**
   * @param limit for all of it
   */
  BodyStream(InputStream body, Duration limit) {
    this.body = body;
    this.deadlineNanos = System.nanoTime() + limit.toNanos();
  }

  private interface Reading {
    int read() throws IOException;
  }

  @Override
  public int read() throws IOException {
    return reading(body::read);
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    return reading(() -> body.read(bytes, offset, length));
  }

  private int reading(Reading reading) throws IOException {
    if (deadlineNanos - System.nanoTime() < 0) {
      throw late();
    }
    try {
      return reading.read();
    } catch (ServerConnectionException e) {
      throw isTimeout(e) ? late() : gone(e);
    } catch (DataReader.InsufficientDataAvailableException e) {
      throw gone(e);
    }
  }

  private static boolean isTimeout(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return true;
      }
    }
    return false;
  }

  private static ApiException late() {
    return new ApiException(408, TIMEOUT, "the body did not come in time: send it faster");
  }

  private static CloseConnectionException gone(RuntimeException e) {
    return new CloseConnectionException("the client has gone before its body's end", e);
  }

  @Override
  public void close() throws IOException {
    // What was not read is the connection's business.
  }
}
