package dev.orchard.agent.process;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The system's users, asked through its own name service. A lookup may take as long as the service
 * does.
 */
final class Accounts {
  private static final MemorySegment GETPWNAM_R = Libc.function("getpwnam_r");
  private static final MemorySegment GETPWUID_R = Libc.function("getpwuid_r");
  private static final MemorySegment GETGROUPLIST = Libc.function("getgrouplist");
  private static final MemorySegment GETEUID = Libc.function("geteuid");
  private static final MemorySegment GETEGID = Libc.function("getegid");

  /** The {@code struct passwd} of Linux. */
  private static final MemoryLayout PASSWD =
      MemoryLayout.structLayout(
          ADDRESS.withName("name"),
          ADDRESS.withName("password"),
          JAVA_INT.withName("uid"),
          JAVA_INT.withName("gid"),
          ADDRESS.withName("gecos"),
          ADDRESS.withName("home"),
          ADDRESS.withName("shell"));

  private static final long NAME = offset("name");
  private static final long UID = offset("uid");
  private static final long GID = offset("gid");
  private static final long HOME = offset("home");
  private static final long SHELL = offset("shell");

  /** Room for one entry's texts; an entry that needs more does not exist in practice. */
  private static final int ENTRY_BYTES = 64 << 10;

  /** As many groups as Linux lets a process have. */
  private static final int MAX_GROUPS = 65_536;

  /** Nobody's number: to the kernel it says to leave the id as it is, which may be root's. */
  private static final long NO_CHANGE = 0xFFFF_FFFFL;

  private static final Pattern NUMBERS = Pattern.compile("(\\d{1,10})(?::(\\d{1,10}))?");

  private Accounts() {}

  /** The user that the agent itself is. */
  static Account own() {
    int uid = Libc.call(GETEUID, 0);
    int gid = Libc.call(GETEGID, 0);
    return byUid(uid).orElseGet(() -> nameless(uid, gid));
  }

  /**
   * The user that a request names; empty for a name that nobody has. A bare uid that has no entry
   * gets the group of the same number; a gid that is named replaces all groups.
   */
  static Optional<Account> named(String user) {
    Matcher numbers = NUMBERS.matcher(user);
    if (!numbers.matches()) {
      return byName(user);
    }
    String group = numbers.group(2) == null ? numbers.group(1) : numbers.group(2);
    long largest = Math.max(Long.parseLong(numbers.group(1)), Long.parseLong(group));
    if (largest >= NO_CHANGE) {
      return Optional.empty();
    }
    int uid = (int) Long.parseLong(numbers.group(1));
    int gid = (int) Long.parseLong(group);
    Optional<Account> known = byUid(uid);
    if (numbers.group(2) == null) {
      return Optional.of(known.orElseGet(() -> nameless(uid, gid)));
    }
    Account account = known.orElseGet(() -> nameless(uid, gid));
    return Optional.of(
        new Account(uid, gid, List.of(gid), account.name(), account.home(), account.shell()));
  }

  private static Account nameless(int uid, int gid) {
    return new Account(uid, gid, List.of(gid), "", "/", "/bin/sh");
  }

  private static Optional<Account> byName(String name) {
    try (Arena arena = Arena.ofConfined()) {
      return lookup(arena, GETPWNAM_R, arena.allocateFrom(name).address());
    }
  }

  private static Optional<Account> byUid(int uid) {
    try (Arena arena = Arena.ofConfined()) {
      return lookup(arena, GETPWUID_R, uid);
    }
  }

  private static Optional<Account> lookup(Arena arena, MemorySegment function, long key) {
    MemorySegment entry = arena.allocate(PASSWD);
    MemorySegment texts = arena.allocate(ENTRY_BYTES);
    MemorySegment found = arena.allocate(ADDRESS);
    int error =
        Libc.call(function, key, entry.address(), texts.address(), ENTRY_BYTES, found.address(), 0);
    if (error != 0 || found.get(ADDRESS, 0).address() == 0) {
      return Optional.empty();
    }
    int uid = entry.get(JAVA_INT, UID);
    int gid = entry.get(JAVA_INT, GID);
    String name = text(entry, NAME);
    return Optional.of(
        new Account(
            uid, gid, groups(arena, name, gid), name, text(entry, HOME), text(entry, SHELL)));
  }

  private static List<Integer> groups(Arena arena, String name, int gid) {
    MemorySegment groups = arena.allocate(JAVA_INT, MAX_GROUPS);
    MemorySegment count = arena.allocate(JAVA_INT);
    count.set(JAVA_INT, 0, MAX_GROUPS);
    Libc.call(
        GETGROUPLIST,
        arena.allocateFrom(name).address(),
        gid,
        groups.address(),
        count.address(),
        0,
        0);
    int[] numbers = groups.asSlice(0, 4L * count.get(JAVA_INT, 0)).toArray(JAVA_INT);
    return Arrays.stream(numbers).boxed().toList();
  }

  @SuppressWarnings("restricted") // The library has filled the entry with strings of its own.
  private static String text(MemorySegment entry, long offset) {
    return entry.get(ADDRESS, offset).reinterpret(ENTRY_BYTES).getString(0);
  }

  private static long offset(String field) {
    return PASSWD.byteOffset(PathElement.groupElement(field));
  }
}
