package dev.orchard.exec.socket;

import com.google.protobuf.ByteString;
import java.io.IOException;

/** A WebSocket to write to. All but {@link #abort} by one virtual thread, which may be blocked. */
public interface Wire {
  void binary(ByteString message) throws IOException, InterruptedException;

  void text(String message) throws IOException, InterruptedException;

  void ping() throws IOException, InterruptedException;

  void pong(ByteString payload) throws IOException, InterruptedException;

  /** Begins the closing handshake. */
  void close(int code, String reason) throws IOException, InterruptedException;

  /** Cuts the connection, if it is still there. Any thread. */
  void abort();
}
