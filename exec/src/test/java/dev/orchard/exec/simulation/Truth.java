package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.DisconnectPolicy;
import dev.orchard.exec.session.OnOutputLimit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What really happened to one VMExec, whatever its frames say. */
final class Truth {
  final String uid;
  final String name;
  final SimProgram program;
  final DisconnectPolicy policy;
  final int timeout;
  final int idleTimeout;
  final long outputLimit;
  final OnOutputLimit onOutputLimit;
  final List<SimClient> clients = new ArrayList<>();

  /** Writes of the process that went into its pipes. */
  int written;

  /** Of its own accord, with the program's code. */
  boolean exited;

  /** A child that held its output was killed before it wrote all. */
  boolean childKilled;

  int runs;

  /** How often the right to write has changed hands. */
  int penTaken;

  boolean stdinEnded;

  /** The process has ended: what is sent to it is thrown away. */
  boolean stdinDiscarded;

  /** Its worker has forgotten it, as its retention is over. */
  boolean forgotten;

  private byte[] stdin = new byte[256];
  private int taken;

  /** Something that may end it as Cancelled. */
  boolean mayBeCancelled;

  /** Something that may end it as Lost, or keep it from starting. */
  boolean mayBeLost;

  /** The host lost power: the log may have lost its end. */
  boolean logMayBeShort;

  /** The worker's disk had no room for its output. */
  boolean unrecorded;

  /** A client asked that it runs on without any. */
  boolean detached;

  /** The object was deleted. */
  boolean deleted;

  Frame.@Nullable Exit journalled;
  Frame.@Nullable Exit inObject;

  /** The boot that it is bound to. */
  @Nullable String boundBoot;

  Truth(String uid, String name, Clockwork clock) {
    this.uid = uid;
    this.name = name;
    this.program = new SimProgram(clock);
    this.policy = clock.oneIn(4) ? DisconnectPolicy.TERMINATE : DisconnectPolicy.DETACH;
    this.timeout = clock.oneIn(8) ? 4_000 + clock.below(20_000) : 0;
    this.idleTimeout = clock.oneIn(10) ? 2_000 + clock.below(10_000) : 0;
    this.outputLimit = clock.oneIn(4) ? 4_000 + clock.below(60_000) : 64 << 20;
    this.onOutputLimit =
        clock.oneIn(3)
            ? OnOutputLimit.BLOCK
            : clock.oneIn(2) ? OnOutputLimit.DROP_OLDEST : OnOutputLimit.TERMINATE;
  }

  void took(ByteString data) {
    if (taken + data.size() > stdin.length) {
      stdin = Arrays.copyOf(stdin, 2 * (taken + data.size()));
    }
    data.copyTo(stdin, taken);
    taken += data.size();
  }

  long taken() {
    return taken;
  }

  ByteString takenFrom(long from, long to) {
    return ByteString.copyFrom(stdin, (int) from, (int) (to - from));
  }
}
