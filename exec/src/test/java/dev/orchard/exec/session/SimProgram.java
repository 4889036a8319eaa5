package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What the simulated command does: reads stdin to its end, if any, then writes, then exits. */
final class SimProgram {
  record Write(StdStream stream, ByteString data) {}

  final boolean readsStdin;
  final int code;
  final List<Write> writes = new ArrayList<>();
  final ByteString stdin;

  SimProgram(Random random) {
    readsStdin = random.nextBoolean();
    code = random.nextInt(4) == 0 ? 7 : 0;
    int count = random.nextInt(40);
    for (int i = 0; i < count; i++) {
      // Now and then more than the guest may hold, so that back-pressure has its turn.
      int size = 1 + random.nextInt(i % 4 == 3 ? 24_000 : 300);
      StdStream stream = random.nextInt(3) == 0 ? StdStream.STDERR : StdStream.STDOUT;
      writes.add(new Write(stream, bytes(random, size)));
    }
    stdin = bytes(random, random.nextInt(2) == 0 ? random.nextInt(400_000) : random.nextInt(100));
  }

  private static ByteString bytes(Random random, int size) {
    byte[] data = new byte[size];
    random.nextBytes(data);
    return ByteString.copyFrom(data);
  }
}
