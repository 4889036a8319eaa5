package dev.orchard.worker.session;

import dev.orchard.exec.log.JournalRecord;
import dev.orchard.exec.session.SessionAction;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where a test lets the daemon die as by SIGKILL: {@code -Dorchard.failpoint=after-intent:3} ends
 * it behind the third fsync of an intent. The names are {@code before-} and {@code after-} each
 * kind of action, journal records by their own: {@code intent}, {@code start}, {@code started},
 * {@code append}, {@code stored}, {@code exited}, {@code report}, ... and {@code recovered} behind
 * each session that was taken up.
 */
final class Failpoint {
  private static final String[] WANTED = System.getProperty("orchard.failpoint", "").split(":", 2);
  private static final AtomicInteger PASSES =
      new AtomicInteger(WANTED.length < 2 ? 1 : Integer.parseInt(WANTED[1]));

  /** What a shell says of a process that SIGKILL has ended. */
  private static final int KILLED = 137;

  private Failpoint() {}

  static void before(SessionAction action) {
    if (!WANTED[0].isEmpty()) {
      passed("before-" + name(action));
    }
  }

  static void after(SessionAction action) {
    if (!WANTED[0].isEmpty()) {
      passed("after-" + name(action));
    }
  }

  static void passed(String name) {
    if (name.equals(WANTED[0]) && PASSES.decrementAndGet() == 0) {
      Runtime.getRuntime().halt(KILLED);
    }
  }

  private static String name(SessionAction action) {
    Object kind = action instanceof SessionAction.Write(JournalRecord fact) ? fact : action;
    return kind.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }
}
