package dev.orchard.exec.link;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A channel of bytes towards the other end of the link, used by one reading and one writing thread.
 * It is broken when its input ends or either stream throws; {@link #close} frees both threads.
 */
public interface Carrier extends Closeable {
  InputStream input();

  OutputStream output();

  /** Asked for a carrier again and again, whenever the last one broke. */
  @FunctionalInterface
  interface Opener {
    Carrier open() throws IOException;
  }

  /** The host's end: the socket that QEMU listens on for a virtio-serial port. */
  static Opener unixSocket(Path path) {
    return () -> {
      SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        socket.connect(UnixDomainSocketAddress.of(path));
      } catch (IOException e) {
        socket.close();
        throw e;
      }
      return new StreamCarrier(
          Channels.newInputStream(socket), Channels.newOutputStream(socket), socket);
    };
  }

  /** The guest's end: the device of a virtio-serial port. */
  static Opener virtioPort(Path device) {
    return () -> VirtioPort.open(device);
  }
}
