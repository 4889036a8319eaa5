package dev.orchard.exec.link;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * The device of a virtio-serial port in the guest. It can be opened only once at a time, and says
 * that it is at its end while no host has the other one open: here, reading then waits.
 */
final class VirtioPort {
  private static final long NO_HOST_MILLIS = 20;

  private VirtioPort() {}

  static Carrier open(Path device) throws IOException {
    RandomAccessFile file = new RandomAccessFile(device.toFile(), "rw");
    return new StreamCarrier(
        new Input(new FileInputStream(file.getFD())), new FileOutputStream(file.getFD()), file);
  }

  private static final class Input extends FilterInputStream {
    Input(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      while (true) {
        int count = in.read(into, offset, length);
        if (count > 0) {
          return count;
        }
        try {
          Thread.sleep(NO_HOST_MILLIS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("closed while no host was there");
        }
      }
    }
  }
}
