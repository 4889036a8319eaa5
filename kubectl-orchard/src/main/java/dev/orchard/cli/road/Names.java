package dev.orchard.cli.road;

import dev.orchard.cli.message.CliException;
import dev.orchard.client.SessionAddress;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/** Names of VMs and sessions, as command lines have them. */
public final class Names {
  private static final int MAX_LABEL = 63;
  private static final int SUFFIX = 8;
  private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  private Names() {}

  /**
   * The name, if it is one.
   *
   * @param what it names, for the message
   */
  public static String label(String what, String name) {
    if (!LABEL.matcher(name).matches()) {
      throw CliException.usage(
          "%s '%s' is no name: 1 to 63 of a-z, 0-9 and -, not at either end".formatted(what, name));
    }
    return name;
  }

  /** A session as {@code SESSION} or {@code VM/SESSION}. */
  static SessionAddress session(String namespace, String text) {
    int slash = text.indexOf('/');
    return new SessionAddress(
        label("namespace", namespace),
        slash < 0 ? "" : label("VM", text.substring(0, slash)),
        label("session", text.substring(slash + 1)));
  }

  /** A name that nobody has, for a session of the VM. */
  public static String generate(String vm, RandomGenerator random) {
    StringBuilder name =
        new StringBuilder(vm.substring(0, Math.min(vm.length(), MAX_LABEL - SUFFIX - 1)));
    name.append('-');
    for (int i = 0; i < SUFFIX; i++) {
      name.append(BASE32.charAt(random.nextInt(BASE32.length())));
    }
    return name.toString();
  }
}
