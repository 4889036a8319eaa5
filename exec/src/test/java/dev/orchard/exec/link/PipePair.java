package dev.orchard.exec.link;

import java.io.IOException;
import java.io.OutputStream;

/**
 * A virtio-serial port in memory. The host's end may be cut and connects again; the guest's end
 * hears nothing of that, as with the real one: what it writes while no host is there is lost.
 */
final class PipePair {
  private final BytePipe toGuest = new BytePipe();
  private BytePipe toHost = new BytePipe();

  Carrier.Opener host() {
    return () -> {
      BytePipe in = fresh();
      return new StreamCarrier(in.input(), toGuest.output(), in::close);
    };
  }

  Carrier.Opener guest() {
    return () -> new StreamCarrier(toGuest.input(), new ToHost(), toGuest::close);
  }

  /** As when QEMU's socket breaks. */
  void cutHost() {
    current().close();
  }

  private synchronized BytePipe fresh() {
    toHost.close();
    toHost = new BytePipe();
    return toHost;
  }

  private synchronized BytePipe current() {
    return toHost;
  }

  private final class ToHost extends OutputStream {
    @Override
    public void write(int b) {
      throw new UnsupportedOperationException("one byte at a time");
    }

    @Override
    public void write(byte[] from, int offset, int length) {
      try {
        current().output().write(from, offset, length);
      } catch (IOException noHost) {
        // Lost, as in a real port.
      }
    }
  }
}
