package dev.orchard.agent.forward;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;

/** Connects to a port of this machine. */
final class Loopback {
  private static final byte[] IPV4 = {127, 0, 0, 1};
  private static final byte[] IPV6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  private Loopback() {}

  /** Who can cut a connection is told of it before it is waited for. */
  interface Owner {
    /** False: it is not wanted any more. */
    boolean takes(SocketChannel channel) throws IOException;
  }

  /** Over IPv4, or where nothing listens over IPv6. May block; closing what was taken ends that. */
  static SocketChannel connect(int port, Owner owner) throws IOException {
    try {
      return connect(IPV4, port, owner);
    } catch (ConnectException refused) {
      try {
        return connect(IPV6, port, owner);
      } catch (IOException e) {
        refused.addSuppressed(e);
        throw refused;
      }
    }
  }

  private static SocketChannel connect(byte[] address, int port, Owner owner) throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      if (!owner.takes(channel)) {
        throw new IOException("the connection is not wanted any more");
      }
      channel.connect(new InetSocketAddress(address(address), port));
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static InetAddress address(byte[] address) throws UnknownHostException {
    return InetAddress.getByAddress(address);
  }
}
