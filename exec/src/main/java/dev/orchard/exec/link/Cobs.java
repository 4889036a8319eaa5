package dev.orchard.exec.link;

/** Consistent Overhead Byte Stuffing: bytes without a zero among them, so that zero can delimit. */
final class Cobs {
  private static final int MAX_RUN = 254;

  private Cobs() {}

  /** The most bytes that {@link #encode} makes of {@code length} bytes. */
  static int maxEncoded(int length) {
    return length + length / MAX_RUN + 1;
  }

  /** Encodes {@code from[0, length)} to {@code into} at {@code at}; returns the end there. */
  static int encode(byte[] from, int length, byte[] into, int at) {
    int out = at;
    int in = 0;
    boolean more = true;
    while (more) {
      // Data full of zeros is common, and would else cost a turn of the outer loop a byte.
      while (in < length && from[in] == 0) {
        into[out] = 1;
        out++;
        in++;
      }
      int limit = Math.min(in + MAX_RUN, length);
      int end = in;
      while (end < limit && from[end] != 0) {
        end++;
      }
      int run = end - in;
      into[out] = (byte) (run + 1);
      System.arraycopy(from, in, into, out + 1, run);
      out += run + 1;
      boolean zero = run < MAX_RUN && end < length;
      in = zero ? end + 1 : end;
      // A zero at the very end needs a group of its own behind it.
      more = in < length || zero;
    }
    return out;
  }

  /** Decodes {@code data[0, length)} in place; returns the decoded length, or -1 if malformed. */
  static int decode(byte[] data, int length) {
    int in = 0;
    int out = 0;
    while (in < length) {
      while (in < length - 1 && data[in] == 1) {
        data[out] = 0;
        out++;
        in++;
      }
      int code = data[in] & 0xff;
      int run = code - 1;
      in++;
      if (run < 0 || run > length - in) {
        return -1;
      }
      System.arraycopy(data, in, data, out, run);
      in += run;
      out += run;
      if (run < MAX_RUN && in < length) {
        data[out] = 0;
        out++;
      }
    }
    return out;
  }
}
