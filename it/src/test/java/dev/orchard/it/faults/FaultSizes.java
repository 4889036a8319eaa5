package dev.orchard.it.faults;

/**
 * How much each case does: a size for every build, and the full one with {@code
 * -Dorchard.faults.full=true}.
 */
enum FaultSizes {
  /** Kills of a controller replica. */
  F1_KILLS(50, 1_000),
  F1_QEMU_KILLS(5, 100),
  /** Rolling restarts of all replicas. */
  F2_ROLLOUTS(3, 30),
  /** Kills of the worker. */
  F3_KILLS(20, 1_000),
  F3_QEMU_KILLS(5, 100),
  /** Passes through the whole matrix of crash points. */
  F4_ROUNDS(1, 3),
  /** Cuts of clients' connections. */
  F5_CUTS(500, 10_000),
  /** Names of which each is started many times at once. */
  F6_NAMES(100, 2_000),
  /** Cuts of guest channels. */
  F8_CUTS(180, 9_000),
  F8_QEMU_CUTS(20, 1_000),
  /** Kills of a guest agent. */
  F9_KILLS(20, 200),
  /** Times that 16 MiB of input are sent. */
  F11_ROUNDS(10, 40),
  /** Times that a million lines are printed, over a pipe and over a terminal. */
  F13_ROUNDS(5, 100),
  F13_ECHOES(200, 2_000),
  /** Background children that hold their command's output. */
  F14_CHILDREN(5, 20),
  /** Sessions whose stdin ends before or behind their output. */
  F12_SESSIONS(100, 1_000),
  /** Readers that read next to nothing. */
  F15_READERS(200, 200),
  /** Clients that never read. */
  F16_PEERS(100, 1_000),
  /** Clients that come and go. */
  F17_ATTACHMENTS(1_000, 5_000),
  /** Commands at a time, each of 5 MB of output. */
  F18_SESSIONS(200, 2_000),
  /** Seconds for which the API server, then every controller is away. */
  F21_SECONDS(10, 60),
  /** Pauses of an operator while another one works. */
  F22_PAUSES(5, 50),
  /** Commands of a worker whose links are all primary. */
  F22_COMMANDS(20, 200),
  /** Replicas that are replaced at another address, on each road. */
  F23_REPLACEMENTS(5, 50);

  /** JUnit's tag of every case, beside that of its own number, such as {@code F1}. */
  static final String TAG = "faults";

  private final int ci;
  private final int full;

  FaultSizes(int ci, int full) {
    this.ci = ci;
    this.full = full;
  }

  int size() {
    return Boolean.getBoolean("orchard.faults.full") ? full : ci;
  }

  /** Of everything random in a case; another one with {@code ORCHARD_FAULTS_SEED=N}. */
  static long seed() {
    return Long.parseLong(System.getenv().getOrDefault("ORCHARD_FAULTS_SEED", "1"));
  }
}
