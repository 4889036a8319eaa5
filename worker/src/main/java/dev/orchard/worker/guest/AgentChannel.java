package dev.orchard.worker.guest;

import io.grpc.Channel;

/**
 * What generated stubs for an agent run on.
 *
 * @param reconnects whether it comes to life again by itself after a call has failed, so that a
 *     call may wait for that
 */
record AgentChannel(Channel channel, boolean reconnects, Runnable closer) implements AutoCloseable {
  @Override
  public void close() {
    closer.run();
  }
}
