package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.cli.message.CliException;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys that are for us and not for the command, as ssh has them: at the start of a line the escape
 * key, and then one more. Owned by one thread.
 */
final class EscapeKeys {
  /** What the keys of one read mean, in their order. */
  sealed interface Key {
    record Typed(ByteString keys) implements Key {}

    /** The command is to be hung up on. */
    record HangUp() implements Key {}

    /** The command is to run on without us. */
    record Detach() implements Key {}

    record Help() implements Key {}
  }

  private static final int NONE = -1;

  private final int escape;
  private boolean lineStart = true;
  private boolean pending;

  private EscapeKeys(int escape) {
    this.escape = escape;
  }

  /** All keys are the command's. */
  static EscapeKeys none() {
    return new EscapeKeys(NONE);
  }

  /** By the option {@code --escape}: one printable character, or {@code none}. */
  static EscapeKeys of(String option) {
    if (option.equals("none")) {
      return none();
    }
    if (option.length() != 1 || option.charAt(0) <= ' ' || option.charAt(0) > '~') {
      throw CliException.usage(
          "--escape '%s' is neither one visible ASCII character nor none".formatted(option));
    }
    return new EscapeKeys(option.charAt(0));
  }

  List<Key> typed(ByteString keys) {
    List<Key> meant = new ArrayList<>();
    ByteString.Output typed = ByteString.newOutput();
    for (byte key : keys) {
      if (!pending && key == escape && lineStart) {
        pending = true;
      } else if (pending) {
        pending = false;
        switch (key) {
          case '.' -> special(new Key.HangUp(), typed, meant);
          case 'd' -> special(new Key.Detach(), typed, meant);
          case '?' -> special(new Key.Help(), typed, meant);
          default -> {
            // Twice it means itself.
            if (key != escape) {
              typed.write(escape);
            }
            pass(key, typed);
          }
        }
      } else {
        pass(key, typed);
      }
    }
    flush(typed, meant);
    return meant;
  }

  private void pass(byte key, ByteString.Output typed) {
    typed.write(key);
    lineStart = key == '\r' || key == '\n';
  }

  private static void special(Key key, ByteString.Output typed, List<Key> meant) {
    flush(typed, meant);
    meant.add(key);
  }

  private static void flush(ByteString.Output typed, List<Key> meant) {
    if (typed.size() > 0) {
      meant.add(new Key.Typed(typed.toByteString()));
      typed.reset();
    }
  }

  /** What the keys do, for people. */
  String help() {
    char key = (char) escape;
    return "at the start of a line: %1$c. hangs up on the command, %1$cd leaves it running, %1$c%1$c is one %1$c"
        .formatted(key);
  }
}
