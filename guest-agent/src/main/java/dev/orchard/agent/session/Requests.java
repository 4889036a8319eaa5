package dev.orchard.agent.session;

import dev.orchard.agent.process.ProcessSpec;
import dev.orchard.agent.process.TerminalSize;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.guest.v1.Attach;
import dev.orchard.proto.guest.v1.EnvVar;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.Start;
import dev.orchard.proto.guest.v1.Stored;
import java.util.LinkedHashMap;
import java.util.Map;

/** Requests out of the messages of {@code orchard/guest/v1}. */
final class Requests {
  private static final int MAX_ARGUMENTS = 256;

  /** Characters of arguments and environment together. */
  private static final int MAX_TEXT = 128 << 10;

  private Requests() {}

  /**
   * @throws IllegalArgumentException for what the schema does not allow, or this version does not
   *     know
   */
  static Request decode(ExecInput input) {
    return switch (input.getInputCase()) {
      case START -> decode(input.getStart());
      case ATTACH -> decode(input.getAttach());
      case FRAME -> {
        if (ProtoFrames.decode(input.getFrame()) instanceof Frame.In frame) {
          yield new Request.Input(frame);
        }
        throw new IllegalArgumentException("frame: is for the other direction");
      }
      case STORED -> {
        Stored stored = input.getStored();
        yield new Request.Stored(
            notNegative("stored.offset", stored.getOffset()), stored.getExit());
      }
      case INPUT_NOT_SET ->
          throw new IllegalArgumentException(
              "input: none that this version knows: check the capabilities of Info");
    };
  }

  private static Request decode(Attach attach) {
    return new Request.Attach(
        id(attach.getId()),
        attach.getInstance(),
        notNegative("attach.from", attach.getFrom()),
        attach.getDropStdin());
  }

  private static Request decode(Start start) {
    if (start.getCommandCount() > MAX_ARGUMENTS) {
      throw new IllegalArgumentException(
          "command: %d arguments, at most %d".formatted(start.getCommandCount(), MAX_ARGUMENTS));
    }
    Map<String, String> env = new LinkedHashMap<>();
    for (EnvVar variable : start.getEnvList()) {
      env.put(variable.getName(), variable.getValue());
    }
    long text =
        start.getCommandList().stream().mapToLong(String::length).sum()
            + env.entrySet().stream()
                .mapToLong(entry -> entry.getKey().length() + entry.getValue().length())
                .sum();
    if (text > MAX_TEXT) {
      throw new IllegalArgumentException(
          "command and env: %d characters together, at most %d: send the rest as stdin"
              .formatted(text, MAX_TEXT));
    }
    return new Request.Start(
        id(start.getId()),
        start.getInstance(),
        new ProcessSpec(
            start.getCommandList(),
            env,
            start.getWorkingDir(),
            start.getUser(),
            start.hasTty()
                ? new TerminalSize(start.getTty().getRows(), start.getTty().getCols())
                : null,
            start.getStdin()));
  }

  private static String id(String id) {
    if (id.isEmpty() || id.length() > Frame.MAX_NAME) {
      throw new IllegalArgumentException(
          "id: %d characters, not 1 to %d".formatted(id.length(), Frame.MAX_NAME));
    }
    return id;
  }

  private static long notNegative(String field, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(field + ": " + value + " is negative");
    }
    return value;
  }
}
