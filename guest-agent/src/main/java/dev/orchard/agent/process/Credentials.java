package dev.orchard.agent.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * Changes the credentials of one thread. The kernel keeps them per thread; it is the C library that
 * spreads a change over the whole process, so its wrappers are avoided and the kernel is called.
 */
final class Credentials {
  private static final MemorySegment SYSCALL = Libc.function("syscall");

  private record Numbers(int setgroups, int setresgid, int setresuid) {}

  private static final Numbers NUMBERS =
      System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("aarch64")
          ? new Numbers(159, 149, 147)
          : new Numbers(116, 119, 117);

  private Credentials() {}

  /**
   * Makes the calling thread the given user, for good: it is to spawn one process and to end.
   *
   * @throws SystemCallException where the agent may not
   */
  static void become(Account account) {
    try (Arena arena = Arena.ofConfined()) {
      int[] groups = account.groups().stream().mapToInt(Integer::intValue).toArray();
      change(NUMBERS.setgroups(), groups.length, arena.allocateFrom(JAVA_INT, groups).address(), 0);
    }
    change(NUMBERS.setresgid(), account.gid(), account.gid(), account.gid());
    change(NUMBERS.setresuid(), account.uid(), account.uid(), account.uid());
  }

  private static void change(int number, long a, long b, long c) {
    Descriptor.check("changing the user", Libc.call(SYSCALL, number, a, b, c, 0, 0));
  }
}
